//! Order by small keys: an item is ten times as large as what decides its place, and a sort moves
//! about whatever it is given.

use super::RankedItem;

/// Puts exact products first, then the highest; equals in order of ordinal.
pub(super) fn highest_first(items: &mut Vec<RankedItem>, height: impl Fn(&RankedItem) -> f32) {
    let mut keys: Vec<u128> = (0_u32..)
        .zip(items.iter())
        .map(|(place, item)| key(item, height(item)) | u128::from(place))
        .collect();
    keys.sort_unstable();
    // The last 32 bits are where the item is.
    *items = keys.iter().map(|key| items[*key as u32 as usize].clone()).collect();
}

/// What decides, from the most to the least telling bit; the last 32 are free.
fn key(item: &RankedItem, height: f32) -> u128 {
    let falling = !rising(height);
    u128::from(!item.exact) << 96 | u128::from(falling) << 64 | u128::from(item.ordinal) << 32
}

/// A number's bits so that they order as `f32::total_cmp` does.
fn rising(number: f32) -> u32 {
    let bits = number.to_bits();
    let is_negative = bits >> 31 == 1;
    if is_negative { !bits } else { bits | 1 << 31 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rank::best_first;
    use crate::rank::signal::Signals;

    fn item((exact, score, ordinal): (bool, f32, u32)) -> RankedItem {
        RankedItem {
            ordinal,
            score,
            signals: Signals::default(),
            rank_without_personalisation: 0,
            exact,
            propensity: None,
        }
    }

    proptest! {
        #[test]
        fn keys_order_as_comparing_does(
            drafts in prop::collection::vec((any::<bool>(), any::<f32>(), 0..9_u32), 0..40)
        ) {
            let mut items: Vec<RankedItem> = drafts.into_iter().map(item).collect();
            let mut compared = items.clone();
            compared.sort_by(best_first);
            highest_first(&mut items, |item| item.score);
            let told = |items: &[RankedItem]| -> Vec<(bool, u32, u32)> {
                items.iter().map(|one| (one.exact, one.score.to_bits(), one.ordinal)).collect()
            };
            prop_assert_eq!(told(&items), told(&compared));
        }
    }
}
