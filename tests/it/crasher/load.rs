//! The random load of one client.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::Random;
use super::model::{Effects, Model, State};
use crate::process::call;

/// Products that a client may have.
pub(super) const PRODUCTS: u64 = 24;

/// Shoppers that a client speaks for.
pub(super) const SHOPPERS: u64 = 3;

const RULES: u64 = 3;

/// A client, which changes things that only it changes.
pub(super) struct Client {
    pub(super) number: u64,
    pub(super) model: Model,
    /// Calls that were acknowledged.
    pub(super) acknowledged: u64,
    random: Random,
    /// Ids of keys by name, as far as an answer told them.
    key_ids: BTreeMap<String, String>,
    /// Makes every value another one.
    count: u64,
}

/// A call and what it does.
struct Call {
    method: &'static str,
    path: String,
    body: Value,
    effects: Effects,
    erases: bool,
}

fn of(method: &'static str, path: String, body: Value, effects: Effects) -> Call {
    Call { method, path, body, effects, erases: false }
}

impl Client {
    pub(super) fn new(number: u64, random: Random) -> Self {
        Self {
            number,
            model: Model::default(),
            acknowledged: 0,
            random,
            key_ids: BTreeMap::new(),
            count: 0,
        }
    }

    /// Calls until the server is gone.
    pub(super) fn run(&mut self, address: SocketAddr) {
        loop {
            let Some(next) = self.next_call() else { continue };
            let Call { method, path, body, effects, erases } = next;
            let changes = effects.len();
            self.model.begin(effects);
            match call(address, method, &path, &body) {
                Some((200..300, answer)) => {
                    let refused = answer["rejected_count"].as_u64().unwrap_or(0);
                    assert_eq!(refused, 0, "{method} {path} {body}: {answer}");
                    self.model.acknowledge(erases);
                    if let (Some(name), Some(id)) = (answer["name"].as_str(), answer["id"].as_str())
                    {
                        self.key_ids.insert(format!("key {name}"), id.to_owned());
                    }
                    self.acknowledged += u64::from(changes > 0);
                }
                None => return,
                other => panic!("{method} {path} {body}: {other:?}"),
            }
        }
    }

    fn next_call(&mut self) -> Option<Call> {
        self.count += 1;
        match self.random.below(100) {
            0..30 => Some(self.put_products()),
            30..50 => self.patch_products(),
            50..57 => self.delete_product(),
            57..72 => Some(self.record_events()),
            72..77 => Some(self.put_preferences()),
            77..81 => Some(self.erase()),
            81..86 => Some(self.rule()),
            86..90 => Some(self.key()),
            90..94 => Some(self.search()),
            _ => self.own(),
        }
    }

    fn product(&mut self) -> String {
        format!("c{}p{}", self.number, self.random.below(PRODUCTS))
    }

    fn present_products(&self) -> Vec<String> {
        let things = self.model.acknowledged.keys();
        things.filter_map(|thing| thing.strip_prefix("product ")).map(str::to_owned).collect()
    }

    fn put_products(&mut self) -> Call {
        let mut products = State::new();
        for _ in 0..=self.random.below(6) {
            let id = self.product();
            let value = json!({"title": format!("Shoe {id} v{}", self.count), "stock": self.count,
                "price": self.count as f64 / 4.0});
            products.insert(id, value);
        }
        let body = products.iter().map(|(id, value)| {
            let mut product = value.clone();
            product["id"] = json!(id);
            product["brand"] = json!("Nordvik");
            product
        });
        let (path, body) = ("/v1/indexes/shop/products".to_owned(), Value::Array(body.collect()));
        let effects =
            products.into_iter().map(|(id, value)| (format!("product {id}"), Some(value)));
        of("POST", path, body, effects.collect())
    }

    fn patch_products(&mut self) -> Option<Call> {
        let present = self.present_products();
        let from = self.random.below(present.len().max(1) as u64) as usize;
        let (mut body, mut effects) = (Vec::new(), Effects::new());
        for id in present.into_iter().skip(from).take(5) {
            let mut value = self.model.acknowledged[&format!("product {id}")].clone();
            value["price"] = json!(self.count as f64 / 4.0);
            value["stock"] = json!(self.count);
            body.push(json!({"id": id, "price": value["price"], "stock": value["stock"]}));
            effects.push((format!("product {id}"), Some(value)));
        }
        let path = "/v1/indexes/shop/products".to_owned();
        (!body.is_empty()).then(|| of("PATCH", path, Value::Array(body), effects))
    }

    fn delete_product(&mut self) -> Option<Call> {
        let id = self.present_products().into_iter().next_back()?;
        let path = format!("/v1/indexes/shop/products/{id}");
        Some(of("DELETE", path, Value::Null, vec![(format!("product {id}"), None)]))
    }

    fn shopper(&mut self) -> String {
        format!("c{}s{}", self.number, self.random.below(SHOPPERS))
    }

    fn record_events(&mut self) -> Call {
        let shopper = self.shopper();
        let ids: Vec<String> = (0..=self.random.below(4))
            .map(|place| format!("c{}e{}-{place}", self.number, self.count))
            .collect();
        let event = |id: &String| {
            json!({"type": "view", "id": id, "shopper": shopper, "session": format!("of-{shopper}"),
                "index": "shop", "product_id": "base"})
        };
        let body = ids.iter().map(event).collect();
        let effects = ids.iter().map(|id| (format!("event {shopper} {id}"), Some(json!(true))));
        of("POST", "/v1/events".to_owned(), body, effects.collect())
    }

    fn put_preferences(&mut self) -> Call {
        let shopper = self.shopper();
        let brand = format!("Brand {}", self.count);
        let path = format!("/v1/shoppers/{shopper}/preferences");
        let effects = vec![(format!("preferences {shopper}"), Some(json!(brand)))];
        of("PUT", path, json!({"liked_brands": [brand]}), effects)
    }

    fn erase(&mut self) -> Call {
        let shopper = self.shopper();
        let events = format!("event {shopper} ");
        let known = self.model.acknowledged.keys().filter(|thing| thing.starts_with(&events));
        let mut effects: Effects = known.map(|thing| (thing.clone(), None)).collect();
        effects.push((format!("preferences {shopper}"), None));
        let path = format!("/v1/shoppers/{shopper}");
        Call { erases: true, ..of("DELETE", path, Value::Null, effects) }
    }

    fn rule(&mut self) -> Call {
        let id = format!("c{}r{}", self.number, self.random.below(RULES));
        let thing = format!("rule {id}");
        let path = format!("/v1/indexes/shop/rules/{id}");
        if self.model.acknowledged.contains_key(&thing) && self.random.below(2) == 0 {
            return of("DELETE", path, Value::Null, vec![(thing, None)]);
        }
        let percent = (self.count % 90 + 1) as f64;
        let buries = json!({"do": "bury", "filter": {"brand": ["Alba"]}, "percent": percent});
        let body = json!({"when": {"contexts": [id]}, "then": [buries]});
        of("PUT", path, body, vec![(thing, Some(json!(percent)))])
    }

    fn key(&mut self) -> Call {
        let mut present = self.model.acknowledged.keys();
        let known = present.find_map(|thing| Some((thing, self.key_ids.get(thing)?)));
        if let Some((thing, id)) = known {
            let effects = vec![(thing.clone(), None)];
            return of("DELETE", format!("/v1/keys/{id}"), Value::Null, effects);
        }
        let name = format!("c{}k{}", self.number, self.count);
        let body = json!({"name": name, "scopes": ["search"]});
        of("POST", "/v1/keys".to_owned(), body, vec![(format!("key {name}"), Some(json!(true)))])
    }

    fn search(&mut self) -> Call {
        let body = json!({"q": format!("shoe {}", self.product()), "shopper": self.shopper()});
        of("POST", "/v1/indexes/shop/search".to_owned(), body, Effects::new())
    }

    /// What only one client does.
    fn own(&mut self) -> Option<Call> {
        let acknowledged = &self.model.acknowledged;
        match self.number {
            0 if self.random.below(3) == 0 => {
                let is_english = acknowledged.get("language") == Some(&json!("en"));
                let language = json!(if is_english { "de" } else { "en" });
                let path = "/v1/indexes/shop/settings".to_owned();
                let effects = vec![("language".to_owned(), Some(language.clone()))];
                Some(of("PUT", path, json!({"language": language}), effects))
            }
            0 => {
                let strength = json!((self.count % 64) as f64 / 64.0);
                let path = "/v1/indexes/shop/settings".to_owned();
                let body = json!({"personalisation": {"strength": strength}});
                Some(of("PUT", path, body, vec![("strength".to_owned(), Some(strength))]))
            }
            1 => {
                let path = "/v1/indexes/extra".to_owned();
                let there = acknowledged.contains_key("extra");
                let method = if there { "DELETE" } else { "PUT" };
                let effects = vec![("extra".to_owned(), (!there).then(|| json!(true)))];
                Some(of(method, path, Value::Null, effects))
            }
            2 => {
                let percent = json!((self.count % 20 + 1) as f64);
                let body = json!({"numeric": [{"field": "margin", "percent": percent}]});
                let path = "/v1/indexes/shop/boosts".to_owned();
                Some(of("PUT", path, body, vec![("boosts".to_owned(), Some(percent))]))
            }
            _ => None,
        }
    }
}
