//! Shops, rules and searches of chance, as settings and requests.
//!
//! Scores and percents are sums of few powers of two, so that both sides compute them exactly.

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine::domain::product::Product;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::settings::Settings;

use super::{NOW, Shop, settings};

pub(super) const PRODUCTS: usize = 8;
pub(super) const BRANDS: [&str; 3] = ["Asics", "Nike", "Puma"];
pub(super) const CATEGORIES: [&str; 2] = ["Shoes", "Bags"];
pub(super) const VISITORS: [&str; 4] = ["anna", "bert", "carla", "dirk"];
pub(super) const BOOSTS_PERCENT_MAX: f32 = 50.0;

/// Which products an action is on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pick {
    Brand(usize),
    PriceUpTo(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Deed {
    Pin {
        product: usize,
        position: usize,
        keep: bool,
    },
    Lift(Pick, f32),
    Hide(Pick),
    Only([usize; 2]),
    Redirect(usize),
    Banner(usize),
    /// Words, and what comes in their place; nothing removes them.
    Rewrite(&'static str, &'static str),
}

/// Hours of the week; none of the days means every day, from 0 for Monday.
#[derive(Clone, Debug)]
pub(super) struct Hours {
    pub(super) days: Vec<usize>,
    pub(super) from: usize,
    pub(super) until: usize,
    pub(super) in_berlin: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) enabled: bool,
    pub(super) priority: i32,
    /// On the query: none, contains, starts with, is; or is another query.
    pub(super) condition: u8,
    pub(super) category: Option<usize>,
    pub(super) context: Option<&'static str>,
    /// Milliseconds from now.
    pub(super) from: Option<i64>,
    pub(super) until: Option<i64>,
    pub(super) hours: Option<Hours>,
    pub(super) share_percent: Option<u8>,
    pub(super) deeds: Vec<Deed>,
}

/// The shopper's filter.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) brand: Option<usize>,
    pub(super) category: Option<usize>,
    pub(super) price_most: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    /// By product.
    pub(super) brands: Vec<usize>,
    pub(super) categories: Vec<usize>,
    /// Product, eighths of a score, exact.
    pub(super) ranked: Vec<(usize, i32, bool)>,
    pub(super) drafts: Vec<Draft>,
    /// Brand and percent.
    pub(super) boosts: Vec<(usize, f32)>,
    /// Percent for the highest price.
    pub(super) price_boost: Option<f32>,
    pub(super) filter: Wanted,
    pub(super) visitor: Option<usize>,
    /// Whether the shopper sorts by a field.
    pub(super) sorted: bool,
}

/// All prices differ.
pub(super) fn price(product: usize) -> usize {
    10 * (product + 1)
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![
        3 => (0..BRANDS.len()).prop_map(Pick::Brand),
        1 => (10..90_usize).prop_map(Pick::PriceUpTo),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let brand = 0..BRANDS.len();
    let words = prop::sample::select(&["running", "shoes", "running shoes", "red", "boots"][..]);
    let with = prop::sample::select(&["", "", "sale", "new sale", "blue"][..]);
    prop_oneof![
        4 => (0..PRODUCTS, 1..12_usize, any::<bool>())
            .prop_map(|(product, position, keep)| Deed::Pin { product, position, keep }),
        4 => (pick(), -4..=4_i32)
            .prop_map(|(pick, quarters)| Deed::Lift(pick, 25.0 * quarters as f32)),
        1 => pick().prop_map(Deed::Hide),
        1 => (brand.clone(), brand).prop_map(|(one, other)| Deed::Only([one, other])),
        1 => (0..3_usize).prop_map(Deed::Redirect),
        1 => (0..3_usize).prop_map(Deed::Banner),
        1 => (words, with).prop_map(|(words, with)| Deed::Rewrite(words, with)),
    ]
}

fn hours() -> impl Strategy<Value = Hours> {
    (prop::collection::vec(0..7_usize, 0..4), 0..24_usize, 1..=24_usize, any::<bool>())
        .prop_map(|(days, from, until, in_berlin)| Hours { days, from, until, in_berlin })
}

fn draft() -> impl Strategy<Value = Draft> {
    let shift = || prop::option::weighted(0.2, prop::sample::select(&[-1_i64, 0, 1][..]));
    let context = prop::sample::select(&["mobile", "desktop"][..]);
    let share = prop::sample::select(&[0_u8, 40, 60, 100][..]);
    (
        (prop::bool::weighted(0.9), -1..=1_i32, 0..=4_u8),
        prop::option::weighted(0.2, 0..CATEGORIES.len()),
        prop::option::weighted(0.3, context),
        (shift(), shift()),
        prop::option::weighted(0.2, hours()),
        prop::option::weighted(0.2, share),
        prop::collection::vec(deed(), 1..4),
    )
        .prop_map(|(head, category, context, (from, until), hours, share_percent, deeds)| {
            let (enabled, priority, condition) = head;
            Draft {
                enabled,
                priority,
                condition,
                category,
                context,
                from,
                until,
                hours,
                share_percent,
                deeds,
            }
        })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (
        prop::option::weighted(0.3, 0..BRANDS.len()),
        prop::option::weighted(0.4, 0..CATEGORIES.len()),
        prop::option::weighted(0.2, 10..90_usize),
    )
        .prop_map(|(brand, category, price_most)| Wanted { brand, category, price_most })
}

pub(super) fn world() -> impl Strategy<Value = World> {
    let order = Just((0..PRODUCTS).collect::<Vec<_>>()).prop_shuffle();
    let scores = prop::collection::vec((-8..32_i32, prop::bool::weighted(0.1)), 0..=PRODUCTS);
    (
        prop::collection::vec((0..BRANDS.len(), 0..CATEGORIES.len()), PRODUCTS),
        (order, scores),
        prop::collection::vec(draft(), 0..6),
        prop::collection::vec((0..BRANDS.len(), -2..=2_i32), 0..3),
        prop::option::weighted(0.3, -2..=2_i32),
        wanted(),
        (prop::option::weighted(0.7, 0..VISITORS.len()), prop::bool::weighted(0.2)),
    )
        .prop_map(|(kinds, (order, mut scores), drafts, boosts, price_boost, filter, rest)| {
            let (brands, categories): (Vec<usize>, Vec<usize>) = kinds.into_iter().unzip();
            scores.sort_by_key(|(eighths, _)| -eighths);
            let quarters = |quarters: i32| 25.0 * quarters as f32;
            let mut world = World {
                ranked: Vec::new(),
                drafts,
                boosts: boosts.into_iter().map(|(brand, q)| (brand, quarters(q))).collect(),
                price_boost: price_boost.map(quarters),
                filter,
                visitor: rest.0,
                sorted: rest.1,
                brands,
                categories,
            };
            world.ranked = world.found(&order, &scores);
            world
        })
}

impl World {
    /// What a search found, in its order: only what passes the filter, by score or by price.
    fn found(&self, order: &[usize], scores: &[(i32, bool)]) -> Vec<(usize, i32, bool)> {
        let filter = &self.filter;
        let passes = |product: &&usize| {
            filter.brand.is_none_or(|brand| self.brands[**product] == brand)
                && filter.category.is_none_or(|category| self.categories[**product] == category)
                && filter.price_most.is_none_or(|most| price(**product) <= most)
        };
        let found = order.iter().filter(passes).zip(scores);
        let mut found: Vec<_> =
            found.map(|(one, (eighths, exact))| (*one, *eighths, *exact)).collect();
        if self.sorted {
            found.sort_by_key(|(product, _, _)| price(*product));
        }
        found
    }

    pub(super) fn settings(&self) -> Settings {
        let rules = self.drafts.iter().enumerate();
        let rules: serde_json::Map<String, Value> =
            rules.map(|(number, draft)| (format!("r{number}"), draft.rule())).collect();
        let attribute = |(brand, percent): &(usize, f32)| json!({"filter": {"brand": BRANDS[*brand]}, "percent": percent});
        let numeric = |percent: &f32| json!({"field": "price", "percent": percent});
        let boosts = json!({
            "attributes": self.boosts.iter().map(attribute).collect::<Vec<Value>>(),
            "numeric": self.price_boost.iter().map(numeric).collect::<Vec<Value>>(),
            "percent_max": BOOSTS_PERCENT_MAX,
        });
        settings(&json!({"rules": rules, "boosts": boosts}))
    }

    pub(super) fn shop(&self) -> Shop {
        let product = |number: usize| -> Product {
            let (brand, category) =
                (BRANDS[self.brands[number]], CATEGORIES[self.categories[number]]);
            let product = json!({"id": id(number), "title": "x", "brand": brand, "category": [category],
                                 "price": price(number)});
            serde_json::from_value(product).unwrap()
        };
        Shop::new(&(0..PRODUCTS).map(product).collect::<Vec<_>>())
    }

    pub(super) fn request(&self) -> SearchRequest {
        let Wanted { brand, category, price_most } = self.filter;
        let mut filters = json!({});
        if let Some(brand) = brand {
            filters["brand"] = json!([BRANDS[brand]]);
        }
        if let Some(category) = category {
            filters["category"] = json!(CATEGORIES[category]);
        }
        if let Some(most) = price_most {
            filters["price"] = json!({"lte": most});
        }
        let request = json!({"contexts": ["mobile"], "filters": filters,
                             "shopper": self.visitor.map(|visitor| VISITORS[visitor])});
        serde_json::from_value(request).unwrap()
    }
}

pub(super) fn id(product: usize) -> String {
    format!("p{product}")
}

const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Draft {
    fn rule(&self) -> Value {
        let then: Vec<Value> = self.deeds.iter().map(Deed::action).collect();
        json!({"enabled": self.enabled, "priority": self.priority, "when": self.when(), "then": then})
    }

    fn when(&self) -> Value {
        let mut when = json!({});
        let conditions = ["", "contains", "starts_with", "is", "is"];
        let text = ["", "shoes", "running", "Running Shoes", "boots"];
        let condition = usize::from(self.condition);
        if condition > 0 {
            when["query"] = json!({conditions[condition]: text[condition]});
        }
        if let Some(category) = self.category {
            when["category"] = json!(CATEGORIES[category]);
        }
        if let Some(context) = self.context {
            when["contexts"] = json!([context]);
        }
        let now_ms = Timestamp::parse(NOW).unwrap().as_ms();
        for (name, shift_ms) in [("from", self.from), ("until", self.until)] {
            if let Some(shift_ms) = shift_ms {
                when[name] = json!(now_ms + shift_ms);
            }
        }
        if let Some(Hours { days, from, until, in_berlin }) = &self.hours {
            let days: Vec<&str> = days.iter().map(|day| DAYS[*day]).collect();
            let (from, until) = (format!("{from:02}:00"), format!("{until:02}:00"));
            let zone = if *in_berlin { "Europe/Berlin" } else { "UTC" };
            let hours = json!([{"weekdays": days, "from": from, "until": until}]);
            when["schedule"] = json!({"time_zone": zone, "hours": hours});
        }
        if let Some(share) = self.share_percent {
            when["share_percent"] = json!(share);
        }
        when
    }
}

impl Deed {
    fn action(&self) -> Value {
        let filter = |pick: &Pick| match pick {
            Pick::Brand(brand) => json!({"brand": [BRANDS[*brand]]}),
            Pick::PriceUpTo(most) => json!({"price": {"lte": most}}),
        };
        match self {
            Self::Pin { product, position, keep } => {
                json!({"do": "pin", "product_id": id(*product), "position": position, "keep": keep})
            }
            Self::Lift(pick, percent) => {
                let name = if *percent < 0.0 { "bury" } else { "boost" };
                json!({"do": name, "filter": filter(pick), "percent": percent.abs()})
            }
            Self::Hide(pick) => json!({"do": "hide", "filter": filter(pick)}),
            Self::Only(brands) => {
                json!({"do": "filter", "filter": {"brand": brands.map(|brand| BRANDS[brand])}})
            }
            Self::Redirect(number) => json!({"do": "redirect", "url": format!("/{number}")}),
            Self::Banner(number) => json!({"do": "banner", "content": number}),
            Self::Rewrite(words, "") => json!({"do": "remove", "words": words}),
            Self::Rewrite(words, with) => json!({"do": "replace", "words": words, "with": with}),
        }
    }
}
