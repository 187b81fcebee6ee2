//! Events → profile: which events count, how much, and for how long.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::acts::{Act, acts, day, mark, searches, usable};
use super::gift::Trails;
use super::levels::Levels;
use super::profile::{
    Bought, Profile, ProfileParameters, RECENT_MAX, RecentChoice, RepeatTally, SizeTable, Table,
    TurnedDown,
};
use super::size::kernel;
use super::tally::{Mark, update};
use super::{Consent, Preferences};
use crate::domain::event::{EventKind, RecordedEvent};
use crate::domain::time::Timestamp;

/// Share of a dismissal that outlives the session.
const DISMISSAL_TAIL: f64 = 0.2;

/// What each purchase's worth of later choices leaves of a recent one's say.
const RECENT_DECAY: f64 = 0.4;

impl Profile {
    /// Folds events, in any order, into what is known at `now`. Events of a session may be joined
    /// with those of the shopper who signed in; one with an `id` counts once.
    ///
    /// An anonymous visitor's first event gives no profile yet, unless it dismisses a product. Without consent the profile is
    /// empty, with consent to the session it holds the present session only.
    pub fn fold(
        events: &[RecordedEvent],
        preferences: &Preferences,
        parameters: &ProfileParameters,
        now: Timestamp,
    ) -> Self {
        let mut profile = Self { now, consent: preferences.consent, ..Self::default() };
        if preferences.consent == Consent::None {
            return profile;
        }
        profile.liked_brands.clone_from(&preferences.liked_brands);
        profile.blocked_brands.clone_from(&preferences.blocked_brands);
        let events = usable(events, preferences.consent, parameters, now);
        profile.events = u32::try_from(events.len()).unwrap_or(u32::MAX);
        profile.searches = searches(&events);
        let acts = acts(&events);
        let trails = Trails::follow(&acts);
        profile.acts = u32::try_from(acts.len()).unwrap_or(u32::MAX);
        profile.recent = recent_choices(&acts, &trails, (parameters, now));
        let mut products = Products::default();
        for act in &acts {
            let mark = mark(act, parameters, now);
            profile.add_need(act, mark, &trails);
            profile.add_look(act, mark);
            profile.add_size(act, mark, parameters);
            if let Some(is_first) = products.add(act, mark) {
                profile.add_repeat(act, is_first);
            }
        }
        profile.bought = table(products.bought);
        profile.turned_down = table(products.turned_down);
        profile.state_sizes(preferences, parameters);
        profile.sizes.iter_mut().for_each(|(_, table)| settle(table));
        profile
    }

    /// Category, brand within category and price: what a gift must not teach for long. The brand
    /// over the whole shop keeps a gift, as one act among all.
    fn add_need(&mut self, act: &Act<'_>, mark: Mark, trails: &Trails) {
        let levels = Levels::new(&act.choice.category);
        let log_price = act.choice.price.filter(|price| *price > 0.0 && price.is_finite());
        for level in 0..=levels.depth() {
            let key = levels.key(level);
            let faded = trails.mark_at(&levels, level.max(1.min(levels.depth())), mark);
            // A dismissal turns down one product, not the need for such a thing.
            if act.kind != EventKind::Dismiss {
                update(&mut self.categories, key, |tally| tally.add(faded));
            }
            if let Some(brand) = &act.choice.brand {
                let kept = match level {
                    0 => mark,
                    _ => faded,
                };
                update(&mut self.brands, key, |table| table.add(brand, kept));
            }
            if let (Some(price), true) = (log_price, level > 0 && act.weight > 0.0) {
                update(&mut self.prices, key, |band| band.add(price.ln(), faded));
            }
        }
    }

    fn add_look(&mut self, act: &Act<'_>, mark: Mark) {
        if let Some(color) = &act.choice.color {
            self.color_total.add(mark);
            update(&mut self.colors, color, |tally| tally.add(mark));
        }
    }

    /// Sizes are of the body: one purchase tells much, a gift's size has one act behind it, and a
    /// return may mean that it did not fit.
    fn add_size(&mut self, act: &Act<'_>, mark: Mark, parameters: &ProfileParameters) {
        let Some(size) = act.choice.size.as_deref().filter(|_| act.kind != EventKind::Dismiss)
        else {
            return;
        };
        let Some(place) = parameters.size_systems.place(size, &act.choice.category) else { return };
        update(&mut self.sizes, place.system, |table| table.add(size, &place, mark));
    }

    /// A purchase on another day than those of the same product before it.
    fn add_repeat(&mut self, act: &Act<'_>, is_first: bool) {
        let leaf = Levels::new(&act.choice.category);
        update(&mut self.repeats, leaf.leaf(), |repeats: &mut RepeatTally| {
            repeats.purchases += 1;
            repeats.repeats += u32::from(!is_first);
        });
    }

    /// What the shopper stated about a size system replaces what was inferred.
    fn state_sizes(&mut self, preferences: &Preferences, parameters: &ProfileParameters) {
        for (system, sizes) in &preferences.sizes {
            let table = stated_sizes(system, sizes, parameters);
            if !table.sizes.is_empty() {
                self.sizes.insert(system.as_str().into(), table);
            }
        }
    }
}

/// What was done with single products. A tree as long as acts are added: there may be as many
/// products as acts, in any order.
#[derive(Default)]
struct Products<'a> {
    bought: BTreeMap<&'a str, Bought>,
    turned_down: BTreeMap<&'a str, TurnedDown>,
}

impl<'a> Products<'a> {
    /// Acts come in order of time, so that choosing a product again takes back its rejection. For
    /// a purchase on another day than before: whether it is the first of its product.
    fn add(&mut self, act: &Act<'a>, mark: Mark) -> Option<bool> {
        match act.kind {
            EventKind::Purchase => self.buy(act, mark),
            EventKind::Dismiss | EventKind::Return => {
                let returned = act.kind == EventKind::Return;
                let tail = if returned { 1.0 } else { DISMISSAL_TAIL };
                let weight = (mark.session * (1.0 - tail) + mark.long * tail) / act.weight;
                let before = self.turned_down.entry(act.product).or_default();
                before.weight = before.weight.max(weight);
                before.returned |= returned;
                None
            }
            EventKind::AddToCart | EventKind::Favorite => {
                self.turned_down.remove(act.product);
                None
            }
            EventKind::View | EventKind::Click | EventKind::Search => None,
        }
    }

    fn buy(&mut self, act: &Act<'a>, mark: Mark) -> Option<bool> {
        self.turned_down.remove(act.product);
        let bought = self.bought.entry(act.product).or_default();
        let is_first = bought.count == 0;
        let is_another_day = is_first || day(bought.last) != act.day();
        bought.count += u32::from(is_another_day);
        bought.last = act.at;
        bought.tally.add(mark);
        is_another_day.then_some(is_first)
    }
}

fn table<V>(by_product: BTreeMap<&str, V>) -> Table<V> {
    by_product.into_iter().map(|(product, value)| (product.into(), value)).collect()
}

/// The products chosen last, without those turned down since. The latest ones tell most of what is
/// wanted, also when they are long ago: with time they fade at half the pace of other evidence.
fn recent_choices(
    acts: &[Act<'_>],
    trails: &Trails,
    (parameters, now): (&ProfileParameters, Timestamp),
) -> Vec<RecentChoice> {
    let mut seen = HashSet::new();
    let mut recent = Vec::new();
    let mut later = 0.0;
    for act in acts.iter().rev() {
        let is_new = seen.insert(act.product);
        if act.weight <= 0.0 || !is_new {
            continue;
        }
        let kept = trails.mark_in(act, mark(act, parameters, now)).long / act.weight;
        let weight = act.weight * kept.sqrt() * RECENT_DECAY.powf(later);
        later += act.weight;
        let (product, brand) = (act.product.to_owned(), act.choice.brand.clone());
        recent.push(RecentChoice { product, brand, weight });
        if recent.len() == RECENT_MAX {
            break;
        }
    }
    recent
}

fn stated_sizes(system: &str, sizes: &[String], parameters: &ProfileParameters) -> SizeTable {
    let mark = Mark { long: 1.0, session: 0.0 };
    let mut table = SizeTable { stated: true, ..SizeTable::default() };
    for size in sizes {
        if let Some(place) = parameters.size_systems.place_in(system, size) {
            table.add(size, &place, mark);
        }
    }
    table
}

/// Finds the usual size and the kernel's height there.
fn settle(table: &mut SizeTable) {
    let mut usual: Option<(&Arc<str>, f64)> = None;
    for (label, worn) in &table.sizes {
        let density = density(table, worn.along, worn.across);
        if usual.is_none_or(|(_, highest)| density > highest) {
            usual = Some((label, density));
        }
    }
    if let Some((label, density)) = usual {
        (table.usual, table.peak) = (Arc::clone(label), density);
    }
}

/// The kernel's density at a place of a size system.
pub(super) fn density(table: &SizeTable, along: f64, across: f64) -> f64 {
    table
        .sizes
        .values()
        .map(|worn| worn.weight() * kernel(worn.along - along, worn.across - across))
        .sum()
}
