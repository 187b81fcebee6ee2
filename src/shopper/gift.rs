//! Gifts: a lone act in a category new to the shopper.

use std::collections::{HashMap, HashSet};

use super::acts::Act;
use super::levels::Levels;
use super::tally::Mark;
use crate::domain::event::EventKind;

/// What was done in one category, as far as it matters whether there was only one act.
struct Trail<'a> {
    /// The day of the first act.
    day: i64,
    /// The product of the first act.
    first: &'a str,
    /// The first product bought.
    purchased: Option<&'a str>,
    /// Whether other products were looked at before it.
    others: bool,
    /// Whether a second act confirmed the first.
    confirmed: bool,
}

/// By category key: whether a second act confirmed the first. A lone act in a category new to the
/// shopper may be a gift or a whim, so it fades with the session. What confirms it is an act on
/// another day, or on another product; but what was looked at on the day before the purchase is
/// the way to it and does not confirm it.
pub(super) struct Trails {
    lone: HashSet<String>,
}

impl Trails {
    pub(super) fn follow(acts: &[Act<'_>]) -> Self {
        let mut trails: HashMap<String, Trail<'_>> = HashMap::new();
        for act in acts.iter().filter(|act| act.weight > 0.0) {
            let levels = Levels::new(&act.choice.category);
            for key in (1..=levels.depth()).map(|level| levels.key(level)) {
                match trails.get_mut(key) {
                    Some(trail) => trail.step(act),
                    None => drop(trails.insert(key.to_owned(), Trail::begin(act))),
                }
            }
        }
        let lone = trails.into_iter().filter(|(_, trail)| trail.is_lone()).map(|(key, _)| key);
        Self { lone: lone.collect() }
    }

    pub(super) fn mark_at(&self, levels: &Levels, level: usize, mark: Mark) -> Mark {
        let is_gift = mark.long > 0.0 && level > 0 && self.lone.contains(levels.key(level));
        if is_gift { mark.as_gift() } else { mark }
    }

    pub(super) fn mark_in(&self, act: &Act<'_>, mark: Mark) -> Mark {
        let levels = Levels::new(&act.choice.category);
        self.mark_at(&levels, levels.depth(), mark)
    }
}

impl<'a> Trail<'a> {
    fn begin(act: &Act<'a>) -> Self {
        let purchased = (act.kind == EventKind::Purchase).then_some(act.product);
        Self { day: act.day(), first: act.product, purchased, others: false, confirmed: false }
    }

    fn step(&mut self, act: &Act<'a>) {
        if self.day != act.day() {
            self.confirmed = true;
        } else if let Some(purchased) = self.purchased {
            self.confirmed |= purchased != act.product;
        } else {
            self.others |= self.first != act.product;
            self.purchased = (act.kind == EventKind::Purchase).then_some(act.product);
        }
    }

    fn is_lone(&self) -> bool {
        !self.confirmed && (self.purchased.is_some() || !self.others)
    }
}
