//! Segments that nobody can belong to both of: never told of two that somebody can.

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine::domain::time::Timestamp;
use vitrine::merch::{Kind, Rulebook, lint};
use vitrine::settings::rules::When;
use vitrine::settings::segments::{Liking, Segment};
use vitrine::text::normalise::fold;

use super::{NOW, Shop, settings};

const BRANDS: [&str; 2] = ["Alba", "Nordvik"];

fn segment() -> impl Strategy<Value = Segment> {
    let bound = || prop::option::of(prop::sample::select(&[-0.5_f32, 0.0, 0.5][..]));
    let leaf = (0..BRANDS.len(), bound(), bound())
        .prop_filter("bounds that mean something", |(_, least, most)| match (least, most) {
            (None, None) => false,
            (Some(least), Some(most)) => least <= most,
            _ => true,
        })
        .prop_map(|(brand, at_least, at_most)| {
            let brand = Some(BRANDS[brand].to_owned());
            Segment::Liking(Liking { brand, at_least, at_most, ..Liking::default() })
        });
    leaf.prop_recursive(3, 12, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several().prop_map(Segment::List),
            several().prop_map(|all| Segment::All { all }),
            several().prop_map(|any| Segment::Any { any }),
            inner.clone().prop_map(|not| Segment::Not { not: not.into() }),
        ]
    })
}

/// A shopper's likings by brand; `None` of whom nothing is known.
type Shopper = Option<[f32; 2]>;

fn belongs(segment: &Segment, shopper: Shopper) -> bool {
    match segment {
        Segment::List(all) | Segment::All { all } => all.iter().all(|one| belongs(one, shopper)),
        Segment::Any { any } => any.iter().any(|one| belongs(one, shopper)),
        Segment::Not { not } => !belongs(not, shopper),
        Segment::Liking(liking) => shopper.is_some_and(|values| {
            let place = usize::from(liking.brand.as_deref() == Some(BRANDS[1]));
            liking.holds(values[place])
        }),
        Segment::Fact(_) => unreachable!("none is made"),
    }
}

/// One on each side of every bound, on it, and who is new.
fn shoppers() -> impl Iterator<Item = Shopper> + Clone {
    const VALUES: [f32; 7] = [-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75];
    let known = VALUES.iter().flat_map(|one| VALUES.iter().map(|other| Some([*one, *other])));
    known.chain([None])
}

fn findings(one: &Segment, other: &Segment) -> Vec<Kind> {
    let rule = |segment: &Segment, url: &str| -> Value {
        let when = When { shopper: Some(segment.clone()), ..When::default() };
        json!({"when": when, "then": [{"do": "redirect", "url": url}]})
    };
    let settings =
        settings(&json!({"rules": {"one": rule(one, "/1"), "other": rule(other, "/2")}}));
    let (shop, rulebook) = (Shop::new(&[]), Rulebook::new(&settings, fold));
    let now = Timestamp::parse(NOW).unwrap();
    let report = lint(&settings, &rulebook, &shop.ranked(&[], false), now).unwrap();
    report.findings.into_iter().map(|finding| finding.kind).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_that_somebody_gets_both_of_are_compared(one in segment(), other in segment()) {
        let fits = |segment: &Segment| shoppers().any(|shopper| belongs(segment, shopper));
        let found = findings(&one, &other);
        if fits(&one) && fits(&other) {
            prop_assert!(!found.contains(&Kind::EmptySegment), "{:?}", found);
        }
        if shoppers().any(|shopper| belongs(&one, shopper) && belongs(&other, shopper)) {
            prop_assert!(found.contains(&Kind::TwoRedirects), "{:?}", found);
        }
    }
}
