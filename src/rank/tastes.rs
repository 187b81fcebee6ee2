//! How much a shopper wants single brands, categories, colours and sizes: what rules ask.

use std::cell::OnceCell;

use super::personal::{Average, Person};
use crate::index::View;
use crate::settings::rules::Liking;
use crate::shopper::affinity::{Affinities, Candidate};

/// The likings of one shopper; nothing is worked out before it is asked for.
pub struct Tastes<'a> {
    person: Person<'a>,
    view: &'a View,
    affinities: OnceCell<Affinities<'a, Average<'a>>>,
}

impl<'a> Tastes<'a> {
    /// `None` when nothing is known or nothing may count.
    pub fn new(view: &'a View, person: Option<Person<'a>>) -> Option<Self> {
        let person = person.filter(|one| one.strength > 0.0 && !one.profile.is_empty())?;
        Some(Self { person, view, affinities: OnceCell::new() })
    }

    /// Whether the shopper has a liking.
    pub fn has(&self, liking: &Liking) -> bool {
        liking.holds(self.value(liking))
    }

    /// Value × confidence, −1 to 1.
    fn value(&self, liking: &Liking) -> f32 {
        if let Some(size) = &liking.size {
            return self.size(size);
        }
        let affinities = self.affinities.get_or_init(|| {
            Affinities::new(self.person.profile, self.person.parameters, Average(self.view))
        });
        let category: Vec<&str> = liking.category.iter().map(String::as_str).collect();
        let (brand, color) = (liking.brand.as_deref(), liking.color.as_deref());
        let candidate = Candidate { brand, category: &category, color, ..Candidate::default() };
        let affinity = match (brand, color) {
            (Some(_), _) => affinities.brand(&candidate),
            (None, Some(_)) => affinities.color(&candidate),
            (None, None) => affinities.category(&candidate),
        };
        affinity.effect()
    }

    /// In the system where it is known best.
    fn size(&self, size: &str) -> f32 {
        let prior = self.person.parameters.prior_events_own;
        let known = self.person.profile.sizes.values().filter_map(|table| {
            let tally = &table.sizes.get(size)?.tally;
            let share = tally.net() / table.total.net().max(tally.net()).max(f64::MIN_POSITIVE);
            let inferred = share.clamp(-1.0, 1.0) * tally.confidence(prior);
            Some(if table.stated { 1.0 } else { inferred as f32 })
        });
        known.fold(0.0, f32::max)
    }
}
