//! What boosts do over a large index: worked out from a part of it.

use serde_json::json;
use vitrine::domain::id::IndexName;
use vitrine::engine::Caller;
use vitrine::settings::boosts::Boosts;

use crate::support::{sample_now, sample_shop};

#[test]
fn of_very_much_work_a_part_is_done_and_scaled_up() {
    let shop = IndexName::parse("shop").unwrap();
    let caller = Caller { now: sample_now(), sees_private: true };
    let boost = json!({ "field": "price", "percent": 1, "shape": { "kind": "step", "from": 0 } });
    let effect = |count: usize| {
        let boosts = json!({ "numeric": vec![boost.clone(); count], "percent_max": 100 });
        let boosts: Boosts = serde_json::from_value(boosts).unwrap();
        sample_shop().engine.boost_effect(&shop, &boosts, caller).unwrap()
    };
    let (whole, part) = (effect(1), effect(1_000));
    assert_eq!(whole.looked_at, whole.products);
    assert!(part.looked_at < part.products && part.looked_at > part.products / 4);
    let known = |effect: &vitrine::engine::BoostEffect| effect.numeric[0].known;
    assert_eq!((known(&whole), known(&part)), (whole.products, whole.products));
    assert_eq!((whole.total.capped, part.total.capped), (0, whole.products));
}
