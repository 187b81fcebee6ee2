//! Sizes: where they stand in their systems, and how near two of them are.

use vitrine::domain::event::EventKind;
use vitrine::shopper::size::{BRA, SHOE_UK, WAIST_LENGTH};

use super::{DAY, RUNNING, act, fold, parameters, path, purchases, size_judged, sized};

#[test]
fn sizes_are_near_or_far() {
    let worn = |size: &str, index: usize| {
        sized(
            act(EventKind::Purchase, &format!("p{index}"), index as f64 * DAY, "Brooks", RUNNING),
            size,
        )
    };
    let profile =
        fold(&[worn("44", 1), worn("44", 2), worn("44.5", 3), worn("W32/L34", 4), worn("UK 9", 5)]);
    let (exact, best, words) = size_judged(&profile, &["42", "43.5", "44", "46"]);
    assert_eq!(best.as_deref(), Some("44"));
    assert!((exact - 1.0).abs() < 1e-3);
    assert_eq!(words, "your usual size 44 is in stock");
    let (near, best, words) = size_judged(&profile, &["42", "43.5", "47"]);
    assert_eq!(best.as_deref(), Some("43.5"));
    assert!(near.abs() < 0.6);
    assert_eq!(words, "43.5 is the nearest in stock to your usual size 44");
    let (far, _, _) = size_judged(&profile, &["39", "40"]);
    assert!(far < -0.95, "{far}");
    assert_eq!(size_judged(&profile, &["S", "M"]).0.to_bits(), 0);
    assert_eq!(size_judged(&profile, &[]).0.to_bits(), 0);
    assert_eq!(
        size_judged(&profile, &["W30/L30", "w32 l34", "33/32"]).1.as_deref(),
        Some("w32 l34")
    );
    assert_eq!(size_judged(&profile, &["UK 8", "uk 9.5"]).1.as_deref(), Some("uk 9.5"));
}

#[test]
fn sizes_are_read_from_their_text() {
    let systems = parameters().size_systems;
    let of = |size: &str, category: &str| {
        systems.place(size, &path(category)).map(|place| place.system.to_owned())
    };
    let place = |size: &str| of(size, RUNNING);
    assert_eq!(place(" xl ").as_deref(), Some("letters"));
    assert_eq!(place("Medium").as_deref(), Some("letters"));
    assert_eq!(place("EU 44").as_deref(), Some("shoe_eu"));
    assert_eq!(place("44,5").as_deref(), Some("shoe_eu"));
    assert_eq!(place("32x34").as_deref(), Some(WAIST_LENGTH));
    assert_eq!(place("UK10.5").as_deref(), Some(SHOE_UK));
    assert_eq!(of("44", "Fashion/Dresses").as_deref(), Some("wear_eu"));
    assert_eq!(of("44", "Schuhe/Laufschuhe").as_deref(), Some("shoe_eu"));
    assert_eq!(of("44", "Sports/Laufschuhe").as_deref(), Some("shoe_eu"));
    assert_eq!(of("44", "Electronics/Cables"), None);
    assert_eq!(of("44", "").as_deref(), Some("shoe_eu"), "the first by name");
    assert_eq!(of("75b", "Fashion/Underwear").as_deref(), Some(BRA));
    assert_eq!(place("39/42"), None);
    assert_eq!(place("one size"), None);
    assert_eq!(place("Ⅻ ß"), None);
}

#[test]
fn british_and_american_shoes_are_compared_with_european_ones() {
    let worn = |size: &str| {
        let mut events = purchases(3, 1.0, "Brooks", RUNNING);
        events.iter_mut().for_each(|event| event.choice.size = Some(size.to_owned()));
        fold(&events)
    };
    let men = worn("44");
    assert_eq!(size_judged(&men, &["UK 8", "UK 9.5", "UK 11"]).1.as_deref(), Some("UK 9.5"));
    assert_eq!(size_judged(&men, &["US 9", "US 10.5"]).1.as_deref(), Some("US 10.5"));
    let women = worn("39");
    assert_eq!(size_judged(&women, &["UK 4.5", "UK 6"]).1.as_deref(), Some("UK 6"));
    assert_eq!(size_judged(&women, &["US 8", "US 5.5"]).1.as_deref(), Some("US 8"));
}
