//! What holds for every history: affinities are bounded, the order of arrival does not matter, and
//! one more purchase of a brand never lowers it.

use proptest::prelude::*;
use vitrine::domain::event::{EventKind, RecordedEvent};
use vitrine::shopper::affinity::Candidate;

use super::{RUNNING, act, brand_effect, fold, judge, path, purchases};

fn any_event() -> impl Strategy<Value = RecordedEvent> {
    let kinds = [
        EventKind::View,
        EventKind::Click,
        EventKind::AddToCart,
        EventKind::Purchase,
        EventKind::Favorite,
        EventKind::Dismiss,
        EventKind::Return,
    ];
    let kind = prop::sample::select(kinds.to_vec());
    let brand = prop::sample::select(vec!["Brooks", "Nike", "Asics"]);
    let category = prop::sample::select(vec![RUNNING, "Shoes/Trail", "Tools/Drills", ""]);
    let size = prop::option::of(prop::sample::select(vec!["44", "M", "W32/L34", "43.5"]));
    (kind, 0_u8..12, -100.0..200_000.0_f64, (brand, category, size)).prop_map(
        |(kind, product, minutes_ago, (brand, category, size))| {
            let mut event = act(kind, &format!("p{product}"), minutes_ago, brand, category);
            event.choice.size = size.map(str::to_owned);
            event.choice.price = Some(f64::from(product) * 10.0);
            event
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn affinities_are_bounded_and_finite(events in prop::collection::vec(any_event(), 0..60)) {
        let profile = fold(&events);
        for category in [RUNNING, "Shoes", "Tools/Drills", "New/Deep/Path", ""] {
            let category = path(category);
            let candidate = Candidate {
                id: "p3",
                brand: Some("Brooks"),
                category: &category,
                color: Some("red"),
                sizes_in_stock: &["41", "L", "34/32"],
                log_price: Some(3.0),
                likenesses: &[Some(0.7), None, Some(1.0)],
            };
            judge(&profile, candidate, |known| {
                let all = [known.brand, known.category, known.size, known.color, known.price,
                    known.taste, known.repeat, known.dismissed];
                for affinity in all {
                    assert!((-1.0..=1.0).contains(&affinity.value), "{affinity:?}");
                    assert!((0.0..=1.0).contains(&affinity.confidence), "{affinity:?}");
                    assert_eq!(affinity.evidence.is_nothing(), affinity.evidence.to_string().is_empty());
                }
            });
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (events, shuffled) in prop::collection::vec(any_event(), 0..40)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        let bytes = |events: &[RecordedEvent]| serde_json::to_string(&fold(events)).unwrap();
        prop_assert_eq!(bytes(&events), bytes(&shuffled));
    }

    #[test]
    fn one_more_purchase_never_lowers_a_brand(
        events in prop::collection::vec(any_event(), 0..30),
        minutes_ago in 210_000.0..300_000.0_f64,
    ) {
        // The category is known already: else the purchase may also confirm what had faded.
        let known = purchases(2, 300.0, "Nike", RUNNING);
        let mut more = [known, events].concat();
        let before = brand_effect(&fold(&more), "Brooks", RUNNING);
        more.push(act(EventKind::Purchase, "another", minutes_ago, "Brooks", RUNNING));
        let after = brand_effect(&fold(&more), "Brooks", RUNNING);
        prop_assert!(after >= before - 1e-5, "{} then {}", before, after);
    }
}
