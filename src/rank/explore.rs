//! Exploration: now and then a product that would not be seen, so that a shop can learn what its
//! shoppers would like of what they are not shown.

use super::RankedItem;
use super::signal::Signal;

/// The places of the first page, from 0, one of which may be given away. The best two are not.
const SLOTS: std::ops::Range<usize> = 2..10;

/// The places that a product is drawn from.
const DRAWN_FROM: std::ops::Range<usize> = 10..40;

/// What chance decides, drawn once from a search's seed.
struct Draw(u64);

impl Draw {
    /// The next number from 0 to below `end`: `SplitMix64` (Steele, Lea and Flood, 2014).
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        ((u128::from(mixed) * end as u128) >> 64) as usize
    }
}

/// With probability `share` puts a product of the following pages into a slot of the first page;
/// the same seed draws the same. Products for which `may` says no are not drawn.
pub(super) fn explore(
    items: &mut [RankedItem],
    (share, seed): (f32, u64),
    may: impl Fn(&RankedItem) -> bool,
) {
    let mut draw = Draw(seed);
    let steps = 1 << 24;
    if draw.below(steps) as f32 >= share * steps as f32 || items.len() <= DRAWN_FROM.start {
        return;
    }
    let slot = SLOTS.start + draw.below(SLOTS.len());
    let end = DRAWN_FROM.end.min(items.len());
    let drawable: Vec<usize> =
        (DRAWN_FROM.start..end).filter(|place| may(&items[*place])).collect();
    if drawable.is_empty() || items[slot].exact {
        return;
    }
    let from = drawable[draw.below(drawable.len())];
    items[slot..=from].rotate_right(1);
    let raised = items[slot - 1].score.min(items[slot + 1].score);
    let item = &mut items[slot];
    item.signals.set(Signal::Exploration, (raised - item.score).max(0.0));
    item.score = item.signals.sum();
    item.propensity = Some(share / (SLOTS.len() * drawable.len()) as f32);
}
