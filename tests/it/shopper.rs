//! Profiles and affinities.
//!
//! 1. A weight halves at its half-life; unknown is exactly zero; everything is bounded.
//! 2. One act moves little, many move more, rejections lower; the shopper's own word outranks both.
//! 3. A gift fades, a change of taste is followed, and the order of arrival does not matter.
//! 4. Sizes are near or far, not equal or different.
//! 5. Without consent nothing is used; with consent to the session, nothing older.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod properties;
mod sizes;

use std::collections::BTreeMap;

use vitrine::domain::event::{Choice, Event, EventKind, RecordedEvent};
use vitrine::domain::id::{IndexName, ProductId, SessionId, ShopperId};
use vitrine::domain::time::Timestamp;
use vitrine::settings::Settings;
use vitrine::shopper::affinity::{Affinities, Background, Candidate, ProductAffinities};
use vitrine::shopper::profile::{Profile, ProfileParameters};
use vitrine::shopper::size::SizeSystems;
use vitrine::shopper::tally::Tally;
use vitrine::shopper::view::ProfileView;
use vitrine::shopper::{Consent, Preferences};

const DAY: f64 = 1440.0;

fn now() -> Timestamp {
    Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
}

fn parameters() -> ProfileParameters {
    let settings = Settings::defaults().unwrap();
    ProfileParameters {
        size_systems: SizeSystems::new(&settings.size_systems),
        ..ProfileParameters::default()
    }
}

/// The evidence for a brand within a category.
fn brand(profile: &Profile, category: &str, brand: &str) -> Tally {
    *profile.brands.get(category).unwrap().brands.get(brand).unwrap()
}

/// A shop where every brand has a tenth of each category, every category a tenth of the shop and
/// every colour a tenth of all.
#[derive(Clone, Copy)]
struct Shop {
    repeat_rate: Option<f32>,
}

impl Background for Shop {
    fn brand_share_in_category(&self, _brand: &str, _category: &[&str]) -> f32 {
        0.1
    }
    fn category_share(&self, _category: &[&str]) -> f32 {
        0.1
    }
    fn color_share(&self, _color: &str) -> f32 {
        0.1
    }
    fn repeat_rate(&self, _category: &[&str]) -> Option<f32> {
        self.repeat_rate
    }
}

fn path(category: &str) -> Vec<&str> {
    category.split('/').filter(|name| !name.is_empty()).collect()
}

/// An event so many minutes before `now()`.
fn act(
    kind: EventKind,
    product: &str,
    minutes_ago: f64,
    brand: &str,
    category: &str,
) -> RecordedEvent {
    let at = Timestamp::from_ms(now().as_ms() - (minutes_ago * 60_000.0) as i64);
    RecordedEvent {
        event: Event {
            kind,
            id: None,
            shopper: Some(ShopperId::parse("s1").unwrap()),
            session: None,
            index: IndexName::parse("shop").unwrap(),
            product_id: Some(ProductId::parse(product).unwrap()),
            variant_sku: None,
            query_id: None,
            query: None,
            position: None,
            quantity: None,
            price: None,
            timestamp: Some(at),
        },
        at,
        choice: Choice {
            brand: Some(brand.to_owned()),
            category: path(category).into_iter().map(str::to_owned).collect(),
            ..Choice::default()
        },
    }
}

fn fold(events: &[RecordedEvent]) -> Profile {
    Profile::fold(events, &Preferences::default(), &parameters(), now())
}

/// Effect of a candidate's affinities on one profile.
fn judge<T>(
    profile: &Profile,
    candidate: Candidate<'_>,
    read: impl Fn(&ProductAffinities<'_>) -> T,
) -> T {
    let parameters = parameters();
    let shop = Shop { repeat_rate: None };
    read(&Affinities::new(profile, &parameters, shop).judge(&candidate))
}

fn brand_effect(profile: &Profile, brand: &str, category: &str) -> f32 {
    let category = path(category);
    let candidate = Candidate { brand: Some(brand), category: &category, ..Candidate::default() };
    judge(profile, candidate, |known| known.brand.effect())
}

fn category_effect(profile: &Profile, category: &str) -> f32 {
    let category = path(category);
    let candidate = Candidate { category: &category, ..Candidate::default() };
    judge(profile, candidate, |known| known.category.effect())
}

fn size_judged(profile: &Profile, sizes: &[&str]) -> (f32, Option<String>, String) {
    let category = path(RUNNING);
    let candidate =
        Candidate { sizes_in_stock: sizes, category: &category, ..Candidate::default() };
    judge(profile, candidate, |known| {
        let best = known.best_size.map(str::to_owned);
        (known.size.value, best, known.size.evidence.to_string())
    })
}

/// `count` purchases of different products, a day apart, the last `days_ago` days ago.
fn purchases(count: usize, days_ago: f64, brand: &str, category: &str) -> Vec<RecordedEvent> {
    let buy = |index: usize| {
        let minutes_ago = (days_ago + index as f64) * DAY;
        act(EventKind::Purchase, &format!("{brand}-{index}"), minutes_ago, brand, category)
    };
    (0..count).map(buy).collect()
}

fn sized(mut event: RecordedEvent, size: &str) -> RecordedEvent {
    event.choice.size = Some(size.to_owned());
    event
}

const RUNNING: &str = "Shoes/Running";

#[test]
fn a_weight_halves_at_its_half_life() {
    let parameters = parameters();
    let events = purchases(4, 0.0, "Brooks", RUNNING);
    let weight = |days: f64| {
        let later = Timestamp::from_ms(now().as_ms() + (days * DAY * 60_000.0) as i64);
        let profile = Profile::fold(&events, &Preferences::default(), &parameters, later);
        let tally = brand(&profile, "Shoes > Running", "Brooks");
        (tally.long, tally.session)
    };
    let (long, session) = weight(0.0);
    assert!((weight(60.0).0 / long - 0.5).abs() < 1e-9);
    let half_hour = 30.0 / DAY;
    assert!((weight(half_hour).1 / session - 0.5).abs() < 1e-6);
    assert!(weight(half_hour).0 / long > 0.999);
}

#[test]
fn unknown_is_exactly_zero() {
    let profile = fold(&purchases(9, 1.0, "Brooks", RUNNING));
    assert!(brand_effect(&profile, "Brooks", RUNNING) > 0.5);
    assert_eq!(brand_effect(&profile, "Nike", RUNNING).to_bits(), 0);
    assert_eq!(category_effect(&profile, "Tools/Drills").to_bits(), 0);
    assert_eq!(size_judged(&profile, &["44"]).0.to_bits(), 0);
    let seldom =
        [purchases(9, 1.0, "Brooks", RUNNING), purchases(1, 3.0, "Nike", RUNNING)].concat();
    assert!(brand_effect(&fold(&seldom), "Nike", RUNNING) >= 0.0);
}

#[test]
fn one_event_moves_little_and_many_move_more() {
    let effect =
        |count| brand_effect(&fold(&purchases(count, 1.0, "Brooks", RUNNING)), "Brooks", RUNNING);
    let effects: Vec<f32> = [1, 2, 4, 8, 16].map(effect).to_vec();
    assert!(effects.windows(2).all(|pair| pair[0] < pair[1]), "{effects:?}");
    assert!(effects[0] < 0.2, "{effects:?}");
    assert!(effects[4] > 0.6, "{effects:?}");
    let click = fold(&[act(EventKind::Click, "p", 1.0, "Brooks", RUNNING)]);
    let click = brand_effect(&click, "Brooks", RUNNING);
    assert!(click > 0.0 && click < 0.1, "{click}");
}

#[test]
fn a_brand_is_judged_within_its_category() {
    let history =
        [purchases(7, 1.0, "Brooks", RUNNING), purchases(2, 2.0, "Asics", RUNNING)].concat();
    let profile = fold(&history);
    let within = brand_effect(&profile, "Brooks", RUNNING);
    let beside = brand_effect(&profile, "Brooks", "Shoes/Trail");
    let elsewhere = brand_effect(&profile, "Brooks", "Clothing/Socks");
    assert!(
        within > beside && beside > elsewhere && elsewhere > 0.0,
        "{within} {beside} {elsewhere}"
    );
    let category = path(RUNNING);
    let brooks = Candidate { brand: Some("Brooks"), category: &category, ..Candidate::default() };
    let words = judge(&profile, brooks, |known| known.brand.evidence.to_string());
    assert_eq!(words, "7 of your 9 choices in Running were Brooks");
}

#[test]
fn steps_towards_a_purchase_do_not_count_again() {
    let steps = [EventKind::View, EventKind::Click, EventKind::AddToCart, EventKind::Purchase];
    let funnel: Vec<_> = steps
        .iter()
        .enumerate()
        .map(|(step, kind)| act(*kind, "p", 60.0 - step as f64, "Brooks", RUNNING))
        .collect();
    let tally = brand(&fold(&funnel), "", "Brooks");
    assert_eq!(tally.choices, 1);
    assert!((tally.long - 1.0).abs() < 0.01);
    let reloads: Vec<_> = (0..50)
        .map(|minute| act(EventKind::View, "p", f64::from(minute), "Brooks", RUNNING))
        .collect();
    let tally = brand(&fold(&reloads), "", "Brooks");
    assert!(tally.choices == 1 && tally.long <= 1.0);
}

#[test]
fn rejections_lower() {
    let liked = purchases(3, 1.0, "Brooks", RUNNING);
    let mut mixed = liked.clone();
    mixed.push(act(EventKind::Return, "Brooks-0", 30.0, "Brooks", RUNNING));
    assert!(
        brand_effect(&fold(&mixed), "Brooks", RUNNING)
            < brand_effect(&fold(&liked), "Brooks", RUNNING)
    );
    let only = fold(&[act(EventKind::Dismiss, "p", 1.0, "Puma", RUNNING)]);
    assert!(brand_effect(&only, "Puma", RUNNING) < 0.0);
    let dismissed = |minutes_ago| {
        let profile = fold(&[act(EventKind::Dismiss, "p", minutes_ago, "Puma", RUNNING)]);
        judge(&profile, Candidate { id: "p", ..Candidate::default() }, |known| {
            known.dismissed.effect()
        })
    };
    assert!(dismissed(0.0) < -0.9);
    assert!(dismissed(DAY) > -0.25 && dismissed(DAY) < -0.1, "{}", dismissed(DAY));
    let bought_after = fold(&[
        act(EventKind::Dismiss, "p", 20.0, "Puma", RUNNING),
        act(EventKind::Purchase, "p", 10.0, "Puma", RUNNING),
    ]);
    assert!(bought_after.turned_down.is_empty());
}

#[test]
fn a_gift_fades_unless_a_second_event_confirms_it() {
    let drill =
        |days_ago: f64| act(EventKind::Purchase, "drill", days_ago * DAY, "Bosch", "Tools/Drills");
    let shoes = purchases(5, 20.0, "Brooks", RUNNING);
    let effect = |more: &[RecordedEvent]| {
        category_effect(&fold(&[shoes.as_slice(), more].concat()), "Tools/Drills")
    };
    assert!(effect(&[drill(0.0)]) > 0.1);
    assert!(effect(&[drill(2.0)]) < 1e-6);
    let looked_before = act(EventKind::Click, "drill-2", 2.0 * DAY + 9.0, "Makita", "Tools/Drills");
    assert!(effect(&[looked_before, drill(2.0)]) < 1e-6);
    let bits = act(EventKind::Purchase, "drill-3", 1.0 * DAY, "Bosch", "Tools/Drills");
    assert!(effect(&[drill(2.0), bits]) > 0.05);
    let looked_after = act(EventKind::Click, "drill-2", 1.0, "Makita", "Tools/Drills");
    assert!(effect(&[drill(2.0), looked_after]) > 0.05);
}

#[test]
fn a_change_of_taste_is_followed() {
    let old = purchases(12, 180.0, "Brooks", RUNNING);
    let new = purchases(6, 1.0, "Hoka", RUNNING);
    let profile = fold(&[old.as_slice(), &new].concat());
    assert!(brand_effect(&profile, "Hoka", RUNNING) > brand_effect(&profile, "Brooks", RUNNING));
    // The session moves at once what months have settled.
    let settled = purchases(9, 1.0, "Brooks", RUNNING);
    let click = |index: usize| act(EventKind::Click, &format!("h{index}"), 2.0, "Hoka", RUNNING);
    let turned = [settled.clone(), (0..4).map(click).collect()].concat();
    assert!(
        brand_effect(&fold(&turned), "Brooks", RUNNING)
            < brand_effect(&fold(&settled), "Brooks", RUNNING)
    );
    assert!(brand_effect(&fold(&turned), "Hoka", RUNNING) > 0.2);
}

#[test]
fn the_shoppers_word_outranks_what_is_inferred() {
    let mut history = purchases(9, 1.0, "Brooks", RUNNING);
    history.iter_mut().for_each(|event| event.choice.size = Some("44".to_owned()));
    let preferences = Preferences {
        sizes: BTreeMap::from([("shoe_eu".to_owned(), vec!["41".to_owned()])]),
        liked_brands: vec!["hoka".to_owned()],
        blocked_brands: vec!["BROOKS".to_owned()],
        ..Preferences::default()
    };
    let profile = Profile::fold(&history, &preferences, &parameters(), now());
    assert!(brand_effect(&profile, "Brooks", RUNNING) < -0.99);
    assert!(brand_effect(&profile, "Hoka", RUNNING) > 0.99);
    assert_eq!(size_judged(&profile, &["41", "44"]).1.as_deref(), Some("41"));
    assert!(size_judged(&profile, &["44"]).0 < -0.95);
}

#[test]
fn consent_decides_what_is_used() {
    let mut history = purchases(9, 1.0, "Brooks", RUNNING);
    for index in 0..3 {
        let product = format!("h{index}");
        history.push(act(
            EventKind::Click,
            &product,
            5.0 + 20.0 * f64::from(index),
            "Hoka",
            RUNNING,
        ));
    }
    let with = |consent| {
        let preferences = Preferences {
            consent,
            liked_brands: vec!["Asics".to_owned()],
            ..Preferences::default()
        };
        Profile::fold(&history, &preferences, &parameters(), now())
    };
    let none = with(Consent::None);
    assert!(none.is_empty());
    for brand in ["Brooks", "Hoka", "Asics"] {
        assert_eq!(brand_effect(&none, brand, RUNNING).to_bits(), 0);
    }
    let session = with(Consent::SessionOnly);
    assert_eq!(session.events, 3);
    assert_eq!(brand_effect(&session, "Brooks", RUNNING).to_bits(), 0);
    assert!(brand_effect(&session, "Hoka", RUNNING) > 0.0);
    assert!(brand_effect(&with(Consent::Full), "Brooks", RUNNING) > 0.3);
}

#[test]
fn an_anonymous_session_is_known_from_its_second_event() {
    let anonymous = |product: &str, minutes_ago| {
        let mut event = act(EventKind::Click, product, minutes_ago, "Brooks", RUNNING);
        event.event.shopper = None;
        event.event.session = Some(SessionId::parse("x").unwrap());
        event
    };
    assert!(fold(&[anonymous("p", 2.0)]).is_empty());
    let second = fold(&[anonymous("p", 2.0), anonymous("q", 1.0)]);
    assert!(brand_effect(&second, "Brooks", RUNNING) > 0.0);
    assert!(!fold(&[act(EventKind::Click, "p", 2.0, "Brooks", RUNNING)]).is_empty());
}

#[test]
fn signing_in_joins_the_session_and_counts_each_event_once() {
    let mut before = act(EventKind::Click, "p", 2.0, "Brooks", RUNNING);
    before.event.id = Some("e1".to_owned());
    let after = act(EventKind::Click, "q", 1.0, "Brooks", RUNNING);
    let mut anonymous = before.clone();
    anonymous.event.shopper = None;
    let joined = fold(&[anonymous, before, after]);
    assert_eq!(joined.events, 2);
    assert_eq!(brand(&joined, "", "Brooks").choices, 2);
}

#[test]
fn consumables_return_and_durable_goods_do_not() {
    let parameters = parameters();
    let bought = fold(&[act(EventKind::Purchase, "p", 9.0 * DAY, "Oatly", "Food/Milk")]);
    let category = path("Food/Milk");
    let candidate = Candidate { id: "p", category: &category, ..Candidate::default() };
    let effect = |repeat_rate| {
        let shop = Shop { repeat_rate };
        Affinities::new(&bought, &parameters, shop).repeat(&candidate).effect()
    };
    assert!(effect(Some(0.6)) > 0.2);
    assert!(effect(Some(0.0)) < 0.0);
    assert!(effect(None) <= 0.0);
    // The shopper's own habit teaches it where the shop knows nothing.
    let habit: Vec<_> = (1..6)
        .map(|week| {
            act(EventKind::Purchase, "p", f64::from(week) * 7.0 * DAY, "Oatly", "Food/Milk")
        })
        .collect();
    let again = judge(&fold(&habit), candidate, |known| {
        (known.repeat.effect(), known.repeat.evidence.to_string())
    });
    assert!(again.0 > 0.4);
    assert_eq!(again.1, "you bought this 5 times");
}

#[test]
fn prices_colours_and_taste_lean_towards_what_was_chosen() {
    let mut history = purchases(6, 1.0, "Brooks", RUNNING);
    for event in &mut history {
        event.choice.price = Some(120.0);
        event.choice.color = Some("red".to_owned());
    }
    let profile = fold(&history);
    let category = path(RUNNING);
    let with = |price: f32, color, brand, likeness| {
        let likenesses = [Some(likeness); 6];
        let candidate = Candidate {
            category: &category,
            brand: Some(brand),
            color: Some(color),
            log_price: Some(price.ln()),
            likenesses: &likenesses,
            ..Candidate::default()
        };
        judge(&profile, candidate, |known| {
            (known.price.value, known.color.value, known.taste.value)
        })
    };
    let (near, red, alike) = with(115.0, "red", "Brooks", 0.9);
    let (far, green, unlike) = with(900.0, "green", "Brooks", 0.3);
    let other_brand = with(115.0, "red", "Hoka", 0.9).2;
    assert!(near > 0.4 && (-0.5..0.0).contains(&far), "{near} {far}");
    assert!(red > 0.5 && green.to_bits() == 0);
    assert!(alike > 0.9 && unlike.to_bits() == 0, "{alike} {unlike}");
    assert!(other_brand > 0.0 && other_brand < 0.2 * alike, "{other_brand}");
}

#[test]
fn the_latest_choices_tell_most_and_rejected_ones_nothing() {
    let history = [
        act(EventKind::Purchase, "old", 9.0 * DAY, "Brooks", RUNNING),
        act(EventKind::Purchase, "kept", 6.0 * DAY, "Asics", RUNNING),
        act(EventKind::Purchase, "back", 5.0 * DAY, "Nike", RUNNING),
        act(EventKind::Return, "back", 2.0 * DAY, "Nike", RUNNING),
        act(EventKind::Click, "seen", 1.0 * DAY, "Hoka", RUNNING),
    ];
    let recent = fold(&history).recent;
    let names: Vec<&str> = recent.iter().map(|choice| choice.product.as_str()).collect();
    assert_eq!(names, ["seen", "kept", "old"]);
    assert!(recent[1].weight > recent[0].weight, "a click is less than a purchase: {recent:?}");
    assert!(recent[1].weight > 2.0 * recent[2].weight, "the earlier fades: {recent:?}");
}

#[test]
fn the_view_is_readable_json() {
    let mut search = act(EventKind::Search, "none", 1.0, "none", "");
    search.event.product_id = None;
    search.event.query = Some("trail shoes".to_owned());
    search.choice = Choice::default();
    let mut history = purchases(3, 1.0, "Brooks", RUNNING);
    history.push(search);
    let parameters = parameters();
    let profile = fold(&history);
    let view = serde_json::to_value(ProfileView::new(&profile, &parameters)).unwrap();
    assert_eq!(view["events"], 4);
    assert_eq!(view["brands"][0]["name"], "Brooks");
    assert_eq!(view["brands"][0]["choices"], 3);
    assert_eq!(view["bought"][0]["times"], 1);
    assert_eq!(view["searches"][0], "trail shoes");
    assert_eq!(view["at"], "2026-06-15T12:00:00Z");
}
