//! What personalisation may not do to an order, and what it must: each step moves products and
//! says so in a part of their score.

use super::RankedItem;
use super::signal::Signal;

/// Hits of a usual first page.
const PAGE_HITS: usize = 20;

/// From this weight on a dismissal is of the present session.
pub(super) const DISMISSED_NOW: f64 = 0.3;

/// Takes the one step towards `better` that a single act may cause: no product moves by more than
/// one place. `items` are in the order without the shopper.
pub(super) fn hold_back(
    items: &mut [RankedItem],
    better: fn(&RankedItem, &RankedItem) -> std::cmp::Ordering,
) {
    let mut place = 1;
    while place < items.len() {
        if better(&items[place], &items[place - 1]).is_lt() {
            items.swap(place - 1, place);
            place += 1;
        }
        place += 1;
    }
    settle(items, Signal::HeldBack);
}

/// Puts what the shopper dismissed in this session behind everything else, in the order it had; an
/// exact product only behind the other exact ones.
pub(super) fn send_back(items: &mut [RankedItem], dismissed: impl Fn(&RankedItem) -> bool) {
    items.sort_by_key(|item| (!item.exact, dismissed(item)));
    settle(items, Signal::Dismissed);
}

/// Lets a product that fits the shopper lead the page, where the first one comes in the shopper's
/// size system and not in a size that fits.
pub(super) fn lead_with_a_fit(items: &mut [RankedItem]) {
    let size = |item: &RankedItem| item.signals.get(Signal::SizeAffinity);
    if items.first().is_none_or(|first| first.exact || size(first) >= 0.0) {
        return;
    }
    let fit = items.iter().take(PAGE_HITS).position(|item| size(item) > 0.0);
    if let Some(fit) = fit {
        items[..=fit].rotate_right(1);
        settle(items, Signal::SizeLead);
    }
}

/// Lowers scores by a signal until no product has more than the one before it, so that an
/// explanation still sums up to the place. Exact products stand before others whatever they have.
fn settle(items: &mut [RankedItem], signal: Signal) {
    let mut above: Option<(bool, f32)> = None;
    for item in items {
        if let Some((_, score)) = above.filter(|(exact, _)| *exact == item.exact)
            && item.score > score
        {
            let lowered = item.signals.get(signal) + score - item.score;
            item.signals.set(signal, lowered);
            item.score = item.signals.sum().min(score);
        }
        above = Some((item.exact, item.score));
    }
}
