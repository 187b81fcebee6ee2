//! Merchandising against a slow and obvious model of it: `model.rs`.

use proptest::prelude::*;
use vitrine::domain::time::Timestamp;
use vitrine::merch::{self, Rulebook, Situation};
use vitrine::text::normalise::fold;

use super::model::{Outcome, QUERY};
use super::world::{World, id, world};
use super::{NOW, Scored, query};

/// What merchandising makes of a world.
fn applied(world: &World) -> Outcome {
    let (shop, settings, request) = (world.shop(), world.settings(), world.request());
    let rulebook = Rulebook::new(&settings, fold);
    let situation = Situation::of(&request, Timestamp::parse(NOW).unwrap(), &rulebook);
    let scored = |(product, eighths, exact): &(usize, i32, bool)| {
        Scored(id(*product), *eighths as f32 / 8.0, exact.then(|| "exact".to_owned()))
    };
    let list: Vec<Scored> = world.ranked.iter().map(scored).collect();
    let ranked = shop.ranked(&list, world.sorted);
    let rewritten = merch::rewritten(QUERY, &query(QUERY), &settings, &situation);
    let mut placement = merch::apply(ranked, &query(QUERY), &settings, &situation).unwrap();
    assert_eq!(placement.skipped, []);
    placement.explain(0..placement.items.len());
    for placed in &placement.items {
        let parts: f32 = placed.boosts.iter().map(|factor| factor.contribution).sum();
        assert!(super::near(placed.item.score + parts, placed.score), "{placed:?}");
    }
    let items = placement.items.iter();
    let order = items.map(|placed| (placed.item.ordinal as usize, placed.score)).collect();
    let banners = placement.banners.iter().map(|one| one.as_u64().unwrap() as usize).collect();
    Outcome { order, redirect: placement.redirect, banners, rewritten }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_do_what_the_slow_model_does(world in world()) {
        prop_assert_eq!(applied(&world), world.model());
    }
}
