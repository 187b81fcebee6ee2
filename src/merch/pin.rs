//! Pins: products at places that rules name.

use std::collections::{BTreeSet, HashMap};

use super::plan::Plan;
use super::{PlacedItem, Situation};
use crate::domain::id::{Ordinal, RuleId};
use crate::error::Result;
use crate::rank::signal::Signals;
use crate::rank::{Ranked, RankedItem};
use crate::settings::rules::Action;

/// A product with the place that it gets.
struct Pin<'v> {
    rule: &'v RuleId,
    /// The place asked for, from 1.
    wanted: usize,
    /// The place given, from 0: the next free one when the wanted one was taken.
    place: usize,
}

/// Pins that act, by product.
#[derive(Default)]
pub(super) struct Pins<'v>(HashMap<Ordinal, Pin<'v>>);

impl<'v> Pins<'v> {
    /// Gives out places in the order of the rules. A pin may bring in a product that the query did
    /// not find, but none that the shopper's filter or a rule leaves out.
    pub(super) fn new(
        plan: &Plan<'v>,
        ranked: &Ranked<'v>,
        situation: &Situation<'_>,
    ) -> Result<Self> {
        let wishes: Vec<_> = plan
            .fired
            .iter()
            .flat_map(|(id, rule)| rule.then.iter().map(move |action| (*id, action)))
            .filter_map(|(id, action)| wish(id, action, ranked))
            .collect();
        let mut pins = HashMap::with_capacity(wishes.len());
        if wishes.is_empty() {
            return Ok(Self(pins));
        }
        let shopper = ranked.matcher(situation.filter)?;
        let mut taken = BTreeSet::new();
        for (rule, ordinal, wanted) in wishes {
            let admitted = shopper.matches(ordinal) && plan.admits(ordinal);
            if !admitted || pins.contains_key(&ordinal) {
                continue;
            }
            let place = next_free(&taken, wanted.saturating_sub(1));
            taken.insert(place);
            pins.insert(ordinal, Pin { rule, wanted, place });
        }
        Ok(Self(pins))
    }

    /// Takes the pinned products out of the list; they come back with their places, ascending.
    pub(super) fn take_out(&self, items: &mut Vec<PlacedItem>) -> Vec<(usize, PlacedItem)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let is_pinned = |placed: &mut PlacedItem| self.0.contains_key(&placed.item.ordinal);
        let mut found: HashMap<Ordinal, PlacedItem> =
            items.extract_if(.., is_pinned).map(|placed| (placed.item.ordinal, placed)).collect();
        let with_place = |(ordinal, pin): (&Ordinal, &Pin<'_>)| {
            let placed = found.remove(ordinal).unwrap_or_else(|| brought_in(*ordinal));
            (pin.place, placed)
        };
        let mut pinned: Vec<_> = self.0.iter().map(with_place).collect();
        pinned.sort_unstable_by_key(|(place, _)| *place);
        pinned
    }

    /// What a rule did to a product that now stands at `position`, from 1.
    pub(super) fn words(&self, ordinal: Ordinal, position: usize) -> Option<String> {
        let Pin { rule, wanted, .. } = self.0.get(&ordinal)?;
        let mut words = format!("rule \"{rule}\" pinned it to position {position}");
        if *wanted != position {
            words.push_str(&format!(" (it asks for {wanted})"));
        }
        Some(words)
    }
}

fn wish<'v>(
    id: &'v RuleId,
    action: &'v Action,
    ranked: &Ranked<'v>,
) -> Option<(&'v RuleId, Ordinal, usize)> {
    match action {
        Action::Pin { product_id, position, keep } if *keep || !ranked.sorted_by_field => {
            Some((id, ranked.ordinal(product_id)?, *position))
        }
        Action::Pin { .. }
        | Action::Boost { .. }
        | Action::Bury { .. }
        | Action::Hide { .. }
        | Action::Filter { .. }
        | Action::Replace { .. }
        | Action::Remove { .. }
        | Action::Redirect { .. }
        | Action::Banner { .. } => None,
    }
}

fn next_free(taken: &BTreeSet<usize>, wanted: usize) -> usize {
    let mut place = wanted;
    for other in taken.range(wanted..) {
        if *other != place {
            break;
        }
        place += 1;
    }
    place
}

fn brought_in(ordinal: Ordinal) -> PlacedItem {
    let item = RankedItem {
        ordinal,
        score: 0.0,
        signals: Signals::default(),
        rank_without_personalisation: 0,
        exact: false,
        propensity: None,
    };
    PlacedItem::new(item, 0)
}
