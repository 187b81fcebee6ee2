//! What is known of a shopper: how much single brands, categories, colours and sizes are wanted, and
//! facts such as the number of purchases. It is what rules ask.

use std::cell::OnceCell;

use super::personal::{Average, Person};
use crate::index::View;
use crate::settings::segments::{FactName, Liking};
use crate::shopper::Consent;
use crate::shopper::affinity::{Affinities, Candidate};

/// What is known of one shopper; nothing is worked out before it is asked for.
pub struct Tastes<'a> {
    person: Person<'a>,
    view: &'a View,
    affinities: OnceCell<Affinities<'a, Average<'a>>>,
}

impl<'a> Tastes<'a> {
    /// `None` when nobody is named or nothing may be known.
    pub fn new(view: &'a View, person: Option<Person<'a>>) -> Option<Self> {
        let may_be_known =
            |one: &Person<'_>| one.strength > 0.0 && one.profile.consent != Consent::None;
        let person = person.filter(may_be_known)?;
        Some(Self { person, view, affinities: OnceCell::new() })
    }

    /// Whether the shopper has a liking; who is new has none.
    pub fn has(&self, liking: &Liking) -> bool {
        !self.person.profile.is_empty() && liking.holds(self.value(liking))
    }

    /// A fact; `None` where it is not known.
    pub fn fact(&self, name: FactName) -> Option<f32> {
        match name {
            FactName::Purchases => {
                let bought = self.person.profile.bought.values();
                Some(bought.map(|one| one.count as f32).sum())
            }
            FactName::PriceLevel => self.affinities().price_level(),
        }
    }

    fn affinities(&self) -> &Affinities<'a, Average<'a>> {
        self.affinities.get_or_init(|| {
            Affinities::new(self.person.profile, self.person.parameters, Average(self.view))
        })
    }

    /// Value × confidence, −1 to 1.
    fn value(&self, liking: &Liking) -> f32 {
        if let Some(size) = &liking.size {
            return self.size(size);
        }
        let affinities = self.affinities();
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
