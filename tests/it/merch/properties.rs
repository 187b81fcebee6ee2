//! Merchandising against a slow and obvious model that knows neither columns nor compiled filters.
//!
//! Scores and percents are sums of few powers of two, so that both sides compute them exactly.

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine::domain::product::Product;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::merch::{self, Rulebook, Situation};
use vitrine::settings::Settings;
use vitrine::text::normalise::fold;

use super::{NOW, Scored, Shop, query, settings};

const PRODUCTS: usize = 8;
const BRANDS: [&str; 3] = ["Asics", "Nike", "Puma"];
const BOOSTS_PERCENT_MAX: f32 = 50.0;

#[derive(Clone, Debug)]
enum Deed {
    Pin { product: usize, position: usize, keep: bool },
    Lift { brand: usize, percent: f32 },
    Hide { brand: usize },
    Only { brands: [usize; 2] },
}

#[derive(Clone, Debug)]
struct Draft {
    priority: i32,
    /// Closeness of the condition on the query: none, contains, starts with, is; or another query.
    condition: u8,
    in_context: bool,
    deeds: Vec<Deed>,
}

#[derive(Clone, Debug)]
struct World {
    /// Index of the brand by product.
    brands: Vec<usize>,
    /// Product, eighths of a score, exact.
    ranked: Vec<(usize, i32, bool)>,
    drafts: Vec<Draft>,
    /// Brand and percent.
    boosts: Vec<(usize, f32)>,
    /// The brand that the shopper filters for.
    filter: Option<usize>,
    sorted: bool,
}

fn deed() -> impl Strategy<Value = Deed> {
    let brand = 0..BRANDS.len();
    prop_oneof![
        4 => (0..PRODUCTS, 1..12_usize, any::<bool>())
            .prop_map(|(product, position, keep)| Deed::Pin { product, position, keep }),
        4 => (brand.clone(), -4..=4_i32)
            .prop_map(|(brand, quarters)| Deed::Lift { brand, percent: 25.0 * quarters as f32 }),
        1 => brand.clone().prop_map(|brand| Deed::Hide { brand }),
        1 => (brand.clone(), brand).prop_map(|(one, other)| Deed::Only { brands: [one, other] }),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    (-1..=1_i32, 0..=4_u8, any::<bool>(), prop::collection::vec(deed(), 1..4)).prop_map(
        |(priority, condition, in_context, deeds)| Draft { priority, condition, in_context, deeds },
    )
}

fn world() -> impl Strategy<Value = World> {
    let ranked = (
        Just((0..PRODUCTS).collect::<Vec<_>>()).prop_shuffle(),
        prop::collection::vec((-8..32_i32, prop::bool::weighted(0.1)), 0..=PRODUCTS),
    );
    (
        prop::collection::vec(0..BRANDS.len(), PRODUCTS),
        ranked,
        prop::collection::vec(draft(), 0..6),
        prop::collection::vec((0..BRANDS.len(), -2..=2_i32), 0..3),
        prop::option::weighted(0.3, 0..BRANDS.len()),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(brands, (products, mut scores), drafts, boosts, filter, sorted)| {
            scores.sort_by_key(|(eighths, _)| -eighths);
            let passes = |product: usize| filter.is_none_or(|brand| brands[product] == brand);
            let ranked = (products.into_iter().filter(|product| passes(*product)))
                .zip(scores)
                .map(|(product, (eighths, exact))| (product, eighths, exact))
                .collect();
            let boosts = boosts.into_iter().map(|(brand, q)| (brand, 25.0 * q as f32)).collect();
            World { brands, ranked, drafts, boosts, filter, sorted }
        })
}

fn id(product: usize) -> String {
    format!("p{product}")
}

fn action(deed: &Deed) -> Value {
    let brand = |brand: usize| json!({"brand": [BRANDS[brand]]});
    match deed {
        Deed::Pin { product, position, keep } => {
            json!({"do": "pin", "product_id": id(*product), "position": position, "keep": keep})
        }
        Deed::Lift { brand: which, percent } => {
            let name = if *percent < 0.0 { "bury" } else { "boost" };
            json!({"do": name, "filter": brand(*which), "percent": percent.abs()})
        }
        Deed::Hide { brand: which } => json!({"do": "hide", "filter": brand(*which)}),
        Deed::Only { brands } => {
            json!({"do": "filter", "filter": {"brand": brands.map(|brand| BRANDS[brand])}})
        }
    }
}

impl World {
    fn settings(&self) -> Settings {
        let conditions = ["", "contains", "starts_with", "is", "is"];
        let rules = self.drafts.iter().enumerate().map(|(place, draft)| {
            let condition = conditions[usize::from(draft.condition)];
            let text = ["", "shoes", "running", "Running Shoes", "boots"];
            let mut when = json!({});
            if !condition.is_empty() {
                when["query"] = json!({condition: text[usize::from(draft.condition)]});
            }
            if draft.in_context {
                when["contexts"] = json!(["mobile"]);
            }
            let then: Vec<Value> = draft.deeds.iter().map(action).collect();
            (format!("r{place}"), json!({"priority": draft.priority, "when": when, "then": then}))
        });
        let rules: serde_json::Map<String, Value> = rules.collect();
        let attributes: Vec<Value> = (self.boosts.iter())
            .map(
                |(brand, percent)| json!({"filter": {"brand": BRANDS[*brand]}, "percent": percent}),
            )
            .collect();
        let boosts = json!({"attributes": attributes, "percent_max": BOOSTS_PERCENT_MAX});
        settings(&json!({"rules": rules, "boosts": boosts}))
    }

    fn shop(&self) -> Shop {
        let product = |(place, brand): (usize, &usize)| -> Product {
            let brand = BRANDS[*brand];
            serde_json::from_value(json!({"id": id(place), "title": "x", "brand": brand})).unwrap()
        };
        Shop::new(&self.brands.iter().enumerate().map(product).collect::<Vec<_>>())
    }

    fn applied(&self) -> Vec<(usize, f32)> {
        let (shop, settings) = (self.shop(), self.settings());
        let filters = self.filter.map_or(json!({}), |brand| json!({"brand": [BRANDS[brand]]}));
        let request = SearchRequest {
            contexts: vec!["mobile".to_owned()],
            filters: serde_json::from_value(filters).unwrap(),
            ..SearchRequest::default()
        };
        // Where every product has another brand the dictionary does not know the one asked for,
        // but the field it knows: nothing is skipped.
        let rulebook = Rulebook::new(&settings, fold);
        let situation = Situation::of(&request, Timestamp::parse(NOW).unwrap(), &rulebook);
        let scored = |(product, eighths, exact): &(usize, i32, bool)| {
            let exact = exact.then(|| "exact".to_owned());
            Scored(id(*product), *eighths as f32 / 8.0, exact)
        };
        let list: Vec<Scored> = self.ranked.iter().map(scored).collect();
        let ranked = shop.ranked(&list, self.sorted);
        let mut placement =
            merch::apply(ranked, &query("running shoes"), &settings, &situation).unwrap();
        assert_eq!(placement.skipped, []);
        placement.explain(0..placement.items.len());
        for placed in &placement.items {
            let parts: f32 = placed.boosts.iter().map(|factor| factor.contribution).sum();
            assert!(super::near(placed.item.score + parts, placed.score), "{placed:?}");
        }
        (placement.items.iter())
            .map(|placed| (placed.item.ordinal as usize, placed.score))
            .collect()
    }

    /// Rules that fire, first things first: the model's own order.
    fn firing(&self) -> Vec<&Draft> {
        let mut firing: Vec<&Draft> = Vec::new();
        for priority in [1, 0, -1] {
            for condition in [3, 2, 1, 0] {
                for in_context in [true, false] {
                    firing.extend(self.drafts.iter().filter(|draft| {
                        (draft.priority, draft.condition, draft.in_context)
                            == (priority, condition, in_context)
                    }));
                }
            }
        }
        firing
    }

    fn admits(&self, product: usize) -> bool {
        let brand = self.brands[product];
        self.filter.is_none_or(|wanted| wanted == brand)
            && self.firing().iter().flat_map(|draft| &draft.deeds).all(|deed| match deed {
                Deed::Hide { brand: hidden } => *hidden != brand,
                Deed::Only { brands } => brands.contains(&brand),
                Deed::Pin { .. } | Deed::Lift { .. } => true,
            })
    }

    fn percent(&self, product: usize) -> f32 {
        let brand = self.brands[product];
        let mut by_rules = 0.0;
        for deed in self.firing().iter().flat_map(|draft| &draft.deeds) {
            if let Deed::Lift { brand: lifted, percent } = deed
                && *lifted == brand
            {
                by_rules += percent;
            }
        }
        let by_shop: f32 = self.boosts.iter().filter(|one| one.0 == brand).map(|one| one.1).sum();
        by_rules.clamp(-100.0, 100.0) + by_shop.clamp(-BOOSTS_PERCENT_MAX, BOOSTS_PERCENT_MAX)
    }

    /// Slots of a long row: pins take theirs, the others fill the holes in order.
    fn model(&self) -> Vec<(usize, f32)> {
        let mut slots: Vec<Option<(usize, f32)>> = vec![None; 100];
        for deed in self.firing().iter().flat_map(|draft| &draft.deeds) {
            let Deed::Pin { product, position, keep } = deed else { continue };
            let is_placed = slots.iter().flatten().any(|(other, _)| other == product);
            if is_placed || !self.admits(*product) || (self.sorted && !keep) {
                continue;
            }
            let score = self.ranked.iter().find(|one| one.0 == *product);
            let score = score.map_or(0.0, |one| one.1 as f32 / 8.0);
            let free = (position - 1..).find(|slot| slots[*slot].is_none()).unwrap();
            slots[free] = Some((*product, score));
        }
        let is_pinned = |product| slots.iter().flatten().any(|(other, _)| *other == product);
        let rest = (self.ranked.iter()).filter(|one| self.admits(one.0) && !is_pinned(one.0));
        let mut rest = self.boosted(rest.copied().collect()).into_iter();
        for slot in &mut slots {
            if slot.is_none() {
                *slot = rest.next();
            }
        }
        slots.into_iter().flatten().collect()
    }

    /// A bubble sort that never swaps with a product that is named exactly, only around it.
    fn boosted(&self, items: Vec<(usize, i32, bool)>) -> Vec<(usize, f32)> {
        let score = |(product, eighths, exact): (usize, i32, bool)| {
            let own = eighths as f32 / 8.0;
            let acts = !exact && !self.sorted;
            let percent = if acts { self.percent(product) } else { 0.0 };
            (product, own + own.abs() * percent / 100.0, exact)
        };
        let mut scored: Vec<_> = items.into_iter().map(score).collect();
        let movable: Vec<usize> =
            (0..scored.len()).filter(|place| !self.sorted && !scored[*place].2).collect();
        for _ in 0..movable.len() {
            for pair in movable.windows(2) {
                if scored[pair[0]].1 < scored[pair[1]].1 {
                    scored.swap(pair[0], pair[1]);
                }
            }
        }
        scored.into_iter().map(|(product, score, _)| (product, score)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_do_what_the_slow_model_does(world in world()) {
        prop_assert_eq!(world.applied(), world.model());
    }
}
