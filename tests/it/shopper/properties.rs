//! What holds for every history: affinities are bounded, the order of arrival does not matter, and
//! one more purchase of a brand never lowers it.

use proptest::prelude::*;
use serde_json::Value;
use vitrine::domain::event::{EventKind, RecordedEvent};
use vitrine::shopper::affinity::Candidate;
use vitrine::shopper::packed::Packed;
use vitrine::shopper::profile::{PriceBand, Profile};

use super::{RUNNING, act, brand_effect, fold, judge, path, purchases};

/// Equal, but for numbers that differ by the last digits of single precision.
fn alike(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            (left - right).abs() <= 1e-6 * left.abs().max(1e-30)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| alike(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.keys().eq(right.keys()) && left.iter().all(|(key, left)| alike(left, &right[key]))
        }
        (left, right) => left == right,
    }
}

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
    fn a_profile_comes_out_as_it_was_packed(events in prop::collection::vec(any_event(), 0..60)) {
        let profile = fold(&events);
        let packed = Packed::of(&profile);
        let again = packed.unpack();
        prop_assert_eq!(Packed::of(&profile), packed.clone(), "the same bytes");
        prop_assert_eq!(packed.unpack(), again.clone(), "the same profile");
        let tree = |profile: &Profile| serde_json::to_value(profile).unwrap();
        let (mut before, mut after) = (tree(&profile), tree(&again));
        // The sums of prices are kept as mean and variance.
        // What has faded to nothing has neither.
        let known = |band: &PriceBand| band.tally.long + band.tally.session > 1e-30;
        for (category, band) in profile.prices.iter().filter(|(_, band)| known(band)) {
            let kept = again.prices[category].mean_and_variance();
            let (mean, variance) = band.mean_and_variance().unwrap_or_default();
            let (mean_kept, variance_kept) = kept.unwrap_or_default();
            prop_assert!((mean - mean_kept).abs() < 1e-5 && (variance - variance_kept).abs() < 1e-5);
        }
        for tree in [&mut before, &mut after] {
            tree["prices"].take();
        }
        prop_assert!(alike(&before, &after), "{} then {}", before, after);
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
