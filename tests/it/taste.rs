//! What the shoppers of the sample shop would expect. Their tastes are known by construction
//! (`data/shoppers.jsonl`), so that each expectation can be asserted:
//!
//! 1. The shown variant is the shopper's size, and a product that does not fit never leads.
//! 2. Brands, price bands and staples come forward; a gift and an old taste do not.
//! 3. One event moves little; what is dismissed is gone from the page.
//! 4. The same events, query and time give the same page, and pages fit together while events
//!    arrive.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "documents quote these figures: --nocapture shows them")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use vitrine::domain::id::{IndexName, ShopperId};
use vitrine::domain::page::{Hit, Page};
use vitrine::domain::search::SearchRequest;
use vitrine::engine::{Caller, Engine};
use vitrine::shopper::view::{BeliefView, ProfileView};

use crate::support::{TestEngine, sample_now, sample_shop};

#[derive(Deserialize)]
struct Shopper {
    id: String,
    sort: String,
    taste: Taste,
}

#[derive(Deserialize)]
struct Taste {
    gender: String,
    brands: BTreeMap<String, f64>,
    sizes: BTreeMap<String, String>,
    #[serde(default)]
    disliked_brands: Vec<String>,
    categories: Vec<String>,
    gift: Option<String>,
    drift: Option<Value>,
}

fn shoppers(sort: &str) -> Vec<Shopper> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/shoppers.jsonl");
    let text = std::fs::read_to_string(data).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Shopper>(line).unwrap());
    all.filter(|one| sort.is_empty() || one.sort == sort).collect()
}

fn index() -> IndexName {
    IndexName::parse("shop").unwrap()
}

fn search(engine: &Engine, request: Value) -> Page {
    let request: SearchRequest = serde_json::from_value(request).unwrap();
    let caller = Caller { now: sample_now(), sees_private: true };
    engine.search(&index(), &request, caller).unwrap()
}

/// The page of a shopper, and the same without personalisation.
fn pages(shopper: &str, q: &str) -> (Page, Page) {
    let engine = &sample_shop().engine;
    let request = |strength: f64| json!({"q": q, "shopper": shopper, "personalize": strength});
    (search(engine, request(1.0)), search(engine, request(0.0)))
}

fn profile(shopper: &str) -> ProfileView {
    let id = ShopperId::parse(shopper).unwrap();
    sample_shop().engine.profile(&index(), &id, sample_now()).unwrap()
}

fn ids(page: &Page) -> Vec<&str> {
    page.hits.iter().map(|hit| hit.id.as_str()).collect()
}

fn categories(hit: &Hit) -> Vec<&str> {
    hit.product["category"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

/// The labels under which a shopper's own size is sold in a department, with the size system.
fn own_labels(shopper: &Shopper, department: &str) -> Vec<(&'static str, String)> {
    let size = |name: &str| shopper.taste.sizes.get(name).cloned();
    match department {
        "Shoes" => {
            let Some(eu) = size("shoe_eu") else { return vec![] };
            let number: f64 = eu.parse().unwrap();
            let women = shopper.taste.gender == "women";
            let (uk, us) = if women { (33.0, 31.0) } else { (34.5, 33.5) };
            let label = |country: &str, offset: f64| format!("{country} {}", number - offset);
            vec![("shoe_eu", eu), ("shoe_eu", label("UK", uk)), ("shoe_eu", label("US", us))]
        }
        "Fashion" => [
            ("letters", size("top")),
            ("waist_length", size("trousers")),
            ("wear_eu", size("dress").or_else(|| size("suit"))),
            ("bra", size("bra")),
        ]
        .into_iter()
        .filter_map(|(system, label)| Some((system, label?)))
        .collect(),
        _ => vec![],
    }
}

/// What a hit shows a shopper: `None` where the own size is not in stock or not known yet, else
/// whether the shown variant is of that size.
fn shows_own_size(shopper: &Shopper, known: &ProfileView, hit: &Hit) -> Option<bool> {
    let labels = own_labels(shopper, categories(hit)[0]);
    let knows = |system: &str| {
        known.sizes.iter().any(|size| size.within.as_deref() == Some(system) && size.weight > 0.0)
    };
    let in_stock = |label: &str| {
        let variants = hit.product["variants"].as_array().unwrap();
        variants
            .iter()
            .any(|one| one["size"] == *label && one["stock"].as_f64().unwrap_or(0.0) > 0.0)
    };
    let own = labels.iter().find(|(system, label)| knows(system) && in_stock(label))?;
    Some(hit.variant.as_ref().is_some_and(|shown| shown["size"] == own.1))
}

#[test]
fn the_shown_variant_is_the_shoppers_size() {
    let (mut shown, mut right) = (0_usize, 0_usize);
    let mut wrong: Vec<String> = Vec::new();
    for shopper in shoppers("") {
        let known = profile(&shopper.id);
        let whose = if shopper.taste.gender == "women" { "women" } else { "men" };
        for what in ["running shoes", "boots", "sneakers", "jeans", "t-shirt", "dress", "suit"] {
            let page = pages(&shopper.id, &format!("{what} {whose}")).0;
            for hit in &page.hits {
                let Some(is_own) = shows_own_size(&shopper, &known, hit) else { continue };
                shown += 1;
                right += usize::from(is_own);
                if !is_own && wrong.len() < 12 {
                    let size = hit.variant.as_ref().map(|shown| shown["size"].clone());
                    wrong.push(format!("{} {what} {} {size:?}", shopper.id, hit.id));
                }
            }
        }
    }
    let share = right as f64 / shown as f64;
    println!("the shopper's size is shown for {right} of {shown} hits that have it: {share:.3}");
    assert!(shown > 5_000 && share >= 0.95, "{right} of {shown}: {wrong:?}");
}

#[test]
fn a_product_that_does_not_fit_never_leads() {
    let mut looked_at = 0;
    for shopper in shoppers("size-only").iter().chain(&shoppers("returner")) {
        for q in ["running shoes", "sneakers", "sandals", "boots"] {
            let (page, _) = pages(&shopper.id, q);
            let eu = shopper.taste.sizes.get("shoe_eu").unwrap();
            let known = profile(&shopper.id);
            let knows = |size: &str| {
                known.sizes.iter().any(|own| {
                    own.within.as_deref() == Some("shoe_eu") && own.name == size && own.weight > 0.5
                })
            };
            if !knows(eu) {
                continue;
            }
            let fits = |hit: &Hit| shows_own_size(shopper, &known, hit) == Some(true);
            if page.hits.iter().any(fits) {
                looked_at += 1;
                let shoe = categories(&page.hits[0])[0] == "Shoes";
                let size = page.hits[0].variant.as_ref().map(|shown| shown["size"].clone());
                let near = |shown: &Value| {
                    let number: Option<f64> = shown.as_str().and_then(|text| text.parse().ok());
                    let own: f64 = eu.parse().unwrap();
                    number.is_none_or(|number| (number - own).abs() <= 0.5)
                };
                assert!(!shoe || size.as_ref().is_some_and(near), "{} {q} {size:?}", shopper.id);
            }
        }
    }
    assert!(looked_at >= 40, "{looked_at}");
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[test]
fn a_runners_brand_comes_forward_and_is_not_all_there_is() {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for shopper in shoppers("runner") {
        let favourite = shopper.taste.brands.iter().max_by(|one, other| one.1.total_cmp(other.1));
        let favourite = favourite.unwrap().0;
        let q = format!("running shoes {}", shopper.taste.gender);
        let (page, plain) = pages(&shopper.id, &q);
        let of_brand = |page: &Page| {
            page.hits.iter().take(10).filter(|hit| hit.product["brand"] == **favourite).count()
        };
        assert!(of_brand(&page) <= 6, "{}: {}", shopper.id, of_brand(&page));
        with.push(of_brand(&page) as f64);
        without.push(of_brand(&plain) as f64);
    }
    println!("hits of the favourite brand: {:.2} instead of {:.2}", mean(&with), mean(&without));
    assert!(mean(&with) > 1.5 * mean(&without), "{with:?} {without:?}");
}

#[test]
fn price_bands_are_followed() {
    let typical = |sort: &str| {
        let mut ratios = Vec::new();
        for shopper in shoppers(sort) {
            for q in ["jacket", "sneakers", "jeans"] {
                let (page, plain) = pages(&shopper.id, q);
                let price = |page: &Page| {
                    let prices = page.hits.iter().take(10);
                    mean(
                        &prices.filter_map(|hit| hit.product["price"].as_f64()).collect::<Vec<_>>(),
                    )
                };
                ratios.push(price(&page) / price(&plain));
            }
        }
        mean(&ratios)
    };
    let (budget, premium) = (typical("budget"), typical("premium"));
    println!("prices beside everybody's: budget {budget:.3}, premium {premium:.3}");
    assert!(budget < 0.99 && premium > 1.01, "{budget} {premium}");
}

#[test]
fn a_gift_is_forgotten_and_a_change_of_taste_is_followed() {
    for shopper in shoppers("gift") {
        let gift = shopper.taste.gift.unwrap();
        let belief = profile(&shopper.id).categories.into_iter();
        let gifts: f64 =
            belief.filter(|one| one.name.ends_with(&gift)).map(|one| one.weight.abs()).sum();
        assert!(gifts < 0.01, "{} still wants {gift}: {gifts}", shopper.id);
    }
    let (mut new_weight, mut old_weight) = (0.0, 0.0);
    for shopper in shoppers("drift") {
        let names = |taste: &Value| -> Vec<String> {
            serde_json::from_value(taste["categories"].clone()).unwrap()
        };
        let new = names(shopper.taste.drift.as_ref().unwrap());
        let mut old = shopper.taste.categories;
        old.retain(|name| !new.contains(name));
        let beliefs = profile(&shopper.id).categories;
        let weight = |names: &[String]| -> f64 {
            let is_of = |belief: &&BeliefView| names.iter().any(|name| belief.name.ends_with(name));
            beliefs.iter().filter(is_of).map(|belief| belief.weight).sum()
        };
        new_weight += weight(&new);
        old_weight += weight(&old);
    }
    println!(
        "after a change of taste: {new_weight:.1} for the new one, {old_weight:.1} for the old"
    );
    assert!(new_weight > 1.2 * old_weight, "{new_weight} {old_weight}");
}

#[test]
fn one_event_moves_no_product_by_more_than_one_place() {
    let mut moved = 0;
    for shopper in shoppers("one-event") {
        for q in ["shoes", "jacket", "handbag", "laptop", "tea"] {
            let (page, plain) = pages(&shopper.id, q);
            let before: HashMap<&str, usize> = ids(&plain).into_iter().zip(0..).collect();
            for (place, id) in ids(&page).into_iter().enumerate() {
                // The last place may show what was one place behind the page.
                let was = before.get(id).copied().unwrap_or(plain.hits.len());
                assert!(place.abs_diff(was) <= 1, "{} {q} {id}: {was} to {place}", shopper.id);
                moved += usize::from(place != was);
            }
        }
    }
    assert!(moved > 0, "one event is not nothing");
}

#[test]
fn what_is_disliked_steps_back_and_staples_come_forward() {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for shopper in shoppers("dismisser") {
        let (page, plain) = pages(&shopper.id, "sneakers");
        let disliked = |page: &Page| {
            let is = |hit: &&Hit| {
                shopper.taste.disliked_brands.iter().any(|brand| hit.product["brand"] == **brand)
            };
            page.hits.iter().filter(is).count() as f64
        };
        with.push(disliked(&page));
        without.push(disliked(&plain));
    }
    assert!(mean(&with) < mean(&without), "{with:?} {without:?}");
    let (mut better, mut worse) = (0, 0);
    for shopper in shoppers("grocery-repeat") {
        let bought = profile(&shopper.id).bought;
        for staple in bought.iter().filter(|one| one.times >= 4).take(3) {
            let title = {
                let request = json!({"filters": {"id": [staple.product_id]}});
                let page = search(&sample_shop().engine, request);
                page.hits[0].product["category"].as_array().unwrap().last().unwrap().clone()
            };
            let (page, plain) = pages(&shopper.id, title.as_str().unwrap());
            let place = |page: &Page| ids(page).iter().position(|id| **id == staple.product_id);
            let rank = |page: &Page| place(page).unwrap_or(page.hits.len());
            better += usize::from(rank(&page) < rank(&plain));
            worse += usize::from(rank(&page) > rank(&plain));
        }
    }
    println!("staples: {better} come forward, {worse} step back");
    assert!(better >= 12 && worse * 10 <= better, "{better} {worse}");
}

fn event(kind: &str, who: &str, product: &str) -> Value {
    json!([{"type": kind, "session": who, "index": "shop", "product_id": product}])
}

fn record(engine: &Engine, events: Value) {
    let recorded = engine.record(serde_json::from_value(events).unwrap(), sample_now()).unwrap();
    assert_eq!(recorded.rejected, vec![]);
}

#[test]
fn a_product_dismissed_once_is_gone_from_the_sessions_first_page() {
    let engine = &sample_shop().engine;
    let request = || json!({"q": "running shoes", "session": "fresh-1"});
    let before = search(engine, request());
    record(engine, event("dismiss", "fresh-1", &before.hits[0].id));
    let after = search(engine, request());
    assert!(!ids(&after).contains(&before.hits[0].id.as_str()));
    assert_eq!(after.total, before.total, "it is still there for who looks for it");
    let others = search(engine, json!({"q": "running shoes", "session": "fresh-2"}));
    assert_eq!(ids(&others), ids(&before));
}

#[test]
fn pages_fit_together_while_events_arrive() {
    let engine = &sample_shop().engine;
    let request = |page: usize| json!({"q": "jacket", "session": "pages-1", "page": page});
    let first = search(engine, request(1));
    let mut seen: Vec<String> = ids(&first).into_iter().map(str::to_owned).collect();
    for page in 2..=6 {
        let liked = &first.hits[page].id;
        record(engine, event("purchase", "pages-1", liked));
        let next = search(engine, request(page));
        seen.extend(ids(&next).into_iter().map(str::to_owned));
    }
    let all: Vec<String> = {
        let fresh = |page: usize| json!({"q": "jacket", "session": "pages-2", "page": page});
        (1..=6).flat_map(|page| search(engine, fresh(page)).hits).map(|hit| hit.id).collect()
    };
    assert_eq!(seen, all, "the pages are those of the moment when the first was asked for");
    let again = search(engine, request(1));
    assert_ne!(ids(&again), ids(&first), "whoever begins anew sees what is known by now");
    assert_eq!(ids(&search(engine, request(1))), ids(&again), "the same events, the same page");
}

#[test]
fn the_next_page_knows_nothing_of_who_was_erased() {
    let engine = &sample_shop().engine;
    let request = |page: usize, strength: f64| json!({"q": "jacket", "shopper": "leaves", "page": page, "personalize": strength});
    let plain: Vec<Page> = (1..=2).map(|page| search(engine, request(page, 0.0))).collect();
    let bought = plain[1].hits.iter().step_by(5).map(|hit| {
        json!({"type": "purchase", "shopper": "leaves", "index": "shop", "product_id": hit.id})
    });
    record(engine, bought.collect());
    assert_ne!(ids(&search(engine, request(1, 1.0))), ids(&plain[0]));
    assert_ne!(ids(&search(engine, request(2, 1.0))), ids(&plain[1]));
    engine.erase_shopper(&ShopperId::parse("leaves").unwrap(), sample_now()).unwrap();
    assert_eq!(ids(&search(engine, request(2, 1.0))), ids(&plain[1]));
}

#[test]
fn exploration_shows_a_known_share_of_searches_one_product_by_chance() {
    let shop = TestEngine::empty();
    let settings = json!({"semantic": {"enabled": false}, "personalisation": {"exploration": 0.2}});
    shop.engine.create_index(&index(), &settings).unwrap();
    let products: Vec<Value> = (0..60)
        .map(|n| json!({"id": format!("p{n}"), "title": "Steel bottle", "popularity": 100 - n}))
        .collect();
    let bytes = serde_json::to_vec(&products).unwrap();
    let form = (vitrine::engine::Format::JsonArray, &vitrine::engine::Mapping::default());
    shop.engine.put_products(&index(), &bytes[..], form, &|_| ()).unwrap();
    shop.engine.wait_settled(&index(), std::time::Duration::from_secs(30), &|_| ()).unwrap();
    let (mut explored, mut places) = (0, BTreeMap::new());
    for visitor in 0..500 {
        let request = json!({"q": "bottle", "session": format!("v{visitor}"), "explain": true});
        let page = search(&shop.engine, request.clone());
        let chosen: Vec<(usize, &Hit)> =
            page.hits.iter().enumerate().filter(|(_, hit)| hit.propensity.is_some()).collect();
        assert!(chosen.len() <= 1 && page.total == 60);
        for (place, hit) in chosen {
            explored += 1;
            *places.entry(place).or_insert(0) += 1;
            let from = hit.explain.as_ref().unwrap().rank_without_personalisation;
            assert!((2..10).contains(&place) && (11..=40).contains(&from), "{from} to {place}");
            let propensity = f64::from(hit.propensity.unwrap());
            assert!((propensity - 0.2 / (8.0 * 30.0)).abs() < 1e-6, "{propensity}");
        }
        assert_eq!(ids(&search(&shop.engine, request)), ids(&page));
    }
    assert!((60..=140).contains(&explored), "{explored} of 500 at a fifth");
    assert_eq!(places.len(), 8, "{places:?}");
    let nobody = search(&shop.engine, json!({"q": "bottle"}));
    assert!(nobody.hits.iter().all(|hit| hit.propensity.is_none()));
}
