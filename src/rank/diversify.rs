//! Diversity: what a shopper likes must not be all that the first page shows.

use std::collections::HashMap;

use super::RankedItem;
use super::signal::Signal;
use crate::index::View;
use crate::query::Query;
use crate::text::values::ValueKind;

/// The hits that are kept diverse.
const FIRST_HITS: usize = 10;

/// Moves products of a brand that would take more than its share of the first hits just behind
/// them, unless the query names the brand. Only products that personalisation lifted are moved.
pub(super) fn spread_brands(items: &mut [RankedItem], query: &Query, view: &View) {
    let hits_max = view.settings.personalisation.brand_hits_max;
    if hits_max == 0 || items.len() <= FIRST_HITS {
        return;
    }
    let columns = &view.generation.columns;
    let mut counts: HashMap<u32, usize> = HashMap::new();
    let mut kept = 0;
    let mut surplus = Vec::new();
    for (place, item) in items.iter().enumerate() {
        if kept == FIRST_HITS {
            break;
        }
        let brand = columns.row(item.ordinal).and_then(|row| row.brand);
        let named = |brand: u32| query.names(ValueKind::Brand, brand);
        let full = brand.filter(|brand| counts.get(brand).is_some_and(|count| *count >= hits_max));
        if full.is_some_and(|brand| !named(brand)) && lifted(item) {
            surplus.push(place);
            continue;
        }
        if let Some(brand) = brand {
            *counts.entry(brand).or_insert(0) += 1;
        }
        kept += 1;
    }
    if kept == FIRST_HITS {
        move_behind(items, &surplus);
    }
}

fn lifted(item: &RankedItem) -> bool {
    let liked = [Signal::BrandAffinity, Signal::TasteAffinity];
    !item.exact && liked.into_iter().any(|signal| item.signals.get(signal) > 0.0)
}

/// Takes the surplus out and puts it, in order, behind the first hits; its score falls to that of
/// the last of them, so that the explanation still sums up.
fn move_behind(items: &mut [RankedItem], surplus: &[usize]) {
    let end = FIRST_HITS + surplus.len();
    let Some(head) = items.get_mut(..end) else {
        return;
    };
    let mut places = surplus.iter().copied().peekable();
    let (mut kept, mut moved) = (Vec::with_capacity(end), Vec::new());
    for (place, item) in head.iter().enumerate() {
        if places.next_if_eq(&place).is_some() {
            moved.push(item.clone());
        } else {
            kept.push(item.clone());
        }
    }
    let floor = kept.last().map_or(0.0, |item| item.score);
    for item in &mut moved {
        item.signals.set(Signal::Diversity, (floor - item.score).min(0.0));
        item.score = item.signals.sum();
    }
    kept.append(&mut moved);
    head.clone_from_slice(&kept);
}
