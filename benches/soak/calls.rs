//! What a shop calls, and how often.

use serde_json::{Value, json};
use vitrine::error::Result;

use super::client::Call;
use super::failed;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// True for so many in ten.
    fn in_ten(&mut self, count: usize) -> bool {
        self.below(10) < count
    }
}

/// A kind of call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Searches.
    Search,
    /// Suggestions.
    Suggest,
    /// Events.
    Event,
    /// Changed prices.
    Patch,
    /// Products written anew.
    Upsert,
    /// Saved rules.
    Rule,
}

/// All kinds.
pub(crate) const KINDS: [Kind; 6] =
    [Kind::Search, Kind::Suggest, Kind::Event, Kind::Patch, Kind::Upsert, Kind::Rule];

/// Visits in the busiest hour: a tenth of the day's 30,000.
const VISITS_PER_HOUR: f64 = 3_000.0;

const PRICES_AT_ONCE: usize = 50;
const SHOPPERS: usize = 200;

impl Kind {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Suggest => "suggest",
            Self::Event => "events",
            Self::Patch => "prices",
            Self::Upsert => "products",
            Self::Rule => "rules",
        }
    }

    /// Calls a second in the shop's busiest hour.
    pub(crate) fn per_second(self) -> f64 {
        let per_hour = match self {
            Self::Search => 3.0 * VISITS_PER_HOUR,
            Self::Suggest => 5.0 * 3.0 * VISITS_PER_HOUR,
            Self::Event => 8.0 * VISITS_PER_HOUR,
            Self::Patch => 3_000.0 / PRICES_AT_ONCE as f64,
            Self::Upsert => 500.0,
            Self::Rule => 5.0,
        };
        per_hour / 3_600.0
    }

    /// Connections that such calls come over.
    pub(crate) fn callers(self) -> usize {
        match self {
            Self::Search | Self::Suggest => 8,
            Self::Event => 4,
            Self::Patch | Self::Upsert | Self::Rule => 1,
        }
    }
}

/// What calls are made of.
pub(crate) struct Calls {
    products: Vec<Value>,
    texts: Vec<String>,
    brands: Vec<String>,
    words: Vec<String>,
}

impl Calls {
    /// Reads the sample shop.
    pub(crate) fn read() -> Result<Self> {
        let text = |name: &str| std::fs::read_to_string(format!("data/{name}")).map_err(failed);
        let products: Vec<Value> = text("products.jsonl")?
            .lines()
            .map(|line| serde_json::from_str(line).map_err(failed))
            .collect::<Result<_>>()?;
        let queries = text("queries.tsv")?;
        let texts = queries.lines().filter_map(|line| line.split('\t').nth(1)).map(str::to_owned);
        let field = |name: &str| {
            let texts = products.iter().filter_map(|product| product[name].as_str());
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        let titles = field("title");
        let words = titles.iter().flat_map(|title| title.split(' ')).map(str::to_owned).collect();
        Ok(Self { brands: field("brand"), texts: texts.collect(), words, products })
    }

    /// The next call of a kind.
    pub(crate) fn next(&self, kind: Kind, random: &mut Random) -> Call {
        let (head, body) = match kind {
            Kind::Search => ("POST /v1/indexes/shop/search".to_owned(), self.search(random)),
            Kind::Suggest => (self.suggest(random), Value::Null),
            Kind::Event => ("POST /v1/events".to_owned(), self.event(random)),
            Kind::Patch => ("PATCH /v1/indexes/shop/products".to_owned(), self.prices(random)),
            Kind::Upsert => ("POST /v1/indexes/shop/products".to_owned(), self.product(random)),
            Kind::Rule => self.rule(random),
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Call { head, body }
    }

    /// The first texts are typed most.
    fn text(&self, random: &mut Random) -> String {
        let place = random.share() * random.share() * self.texts.len() as f64;
        let mut text = self.texts[place as usize].clone();
        if random.in_ten(2) {
            text = format!("{text} {}", self.words[random.below(self.words.len())]);
        }
        if random.in_ten(2) {
            let mut letters: Vec<char> = text.chars().collect();
            let place = random.below(letters.len());
            letters.remove(place);
            text = letters.into_iter().collect();
        }
        text
    }

    fn search(&self, random: &mut Random) -> Value {
        let mut request = json!({ "q": self.text(random) });
        if random.in_ten(3) {
            request["filters"] = match random.below(3) {
                0 => json!({ "price": { "lte": 20 + random.below(200) } }),
                1 => json!({ "brand": [self.brands[random.below(self.brands.len())]] }),
                _ => json!({ "in_stock": true }),
            };
        }
        if random.in_ten(3) {
            request["facets"] = json!(["brand", "category", "price"]);
        }
        if random.in_ten(5) {
            request["shopper"] = json!(format!("s{:03}", 1 + random.below(SHOPPERS)));
        }
        if random.in_ten(1) {
            request["page"] = json!(2);
        }
        request
    }

    fn suggest(&self, random: &mut Random) -> String {
        let text: Vec<char> = self.text(random).chars().collect();
        let typed: String = text[..1 + random.below(text.len().min(12))].iter().collect();
        let encoded: String = typed
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        let shopper = 1 + random.below(SHOPPERS);
        format!("GET /v1/indexes/shop/suggest?q={encoded}&shopper=s{shopper:03}")
    }

    fn id(&self, random: &mut Random) -> &Value {
        &self.products[random.below(self.products.len())]["id"]
    }

    fn event(&self, random: &mut Random) -> Value {
        let number = 1 + random.below(SHOPPERS);
        let mut event = json!({
            "index": "shop", "shopper": format!("s{number:03}"), "session": format!("v{number}"),
        });
        let kind = ["search", "view", "view", "click", "click", "add_to_cart", "purchase"];
        let kind = kind[random.below(kind.len())];
        event["type"] = json!(kind);
        match kind {
            "search" => event["query"] = json!(self.text(random)),
            _ => event["product_id"] = self.id(random).clone(),
        }
        event
    }

    fn prices(&self, random: &mut Random) -> Value {
        let mut patch = || json!({ "id": self.id(random), "price": 5 + random.below(200) });
        (0..PRICES_AT_ONCE).map(|_| patch()).collect()
    }

    /// A product as it was, with another word in its title: it is analysed and embedded anew.
    fn product(&self, random: &mut Random) -> Value {
        let mut product = self.products[random.below(self.products.len())].clone();
        let title = product["title"].as_str().unwrap_or_default();
        product["title"] = json!(format!("{title} {}", self.words[random.below(self.words.len())]));
        product
    }

    fn rule(&self, random: &mut Random) -> (String, Value) {
        let number = random.below(20);
        let contains = &self.words[random.below(self.words.len())];
        let brand = &self.brands[random.below(self.brands.len())];
        let rule = json!({
            "when": { "query": { "contains": contains.to_lowercase() } },
            "then": [{ "do": "boost", "filter": { "brand": brand }, "percent": 10 }],
        });
        (format!("PUT /v1/indexes/shop/rules/campaign-{number}"), rule)
    }
}
