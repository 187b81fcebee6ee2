//! How well sizes fit a shopper.

use super::{Affinities, Affinity, Background, Candidate};
use crate::shopper::evidence::Evidence;
use crate::shopper::fold::density;
use crate::shopper::profile::SizeTable;
use crate::shopper::size::{SHOE_EU, SizePlace, SizeScope};

/// How one size of a product fits.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// The kernel's height there, as a share of its highest: 1 the shopper's size, 0 far off.
    share: f64,
    table: &'a SizeTable,
}

impl Fit<'_> {
    /// Whether this is the better fit.
    pub fn is_better_than(&self, other: &Self) -> bool {
        self.share > other.share
    }
}

impl<'a, B: Background> Affinities<'a, B> {
    /// The sizes in stock, and the best of them: the kernel around the sizes that the shopper
    /// wears. 1 where the very size is in stock, 0 one step away, towards −1 farther off; 0 while
    /// no size of that system is known.
    pub fn size(&self, candidate: &Candidate<'a>) -> (Affinity<'a>, Option<&'a str>) {
        if self.profile.sizes.is_empty() || candidate.sizes_in_stock.is_empty() {
            return (Affinity::UNKNOWN, None);
        }
        let scope = self.size_scope(candidate.category);
        let mut best: Option<(&str, Fit<'_>)> = None;
        for size in candidate.sizes_in_stock {
            let Some(fit) = self.fit(size, &scope) else { continue };
            if best.as_ref().is_none_or(|(_, best)| fit.is_better_than(best)) {
                best = Some((size, fit));
            }
        }
        let Some((size, fit)) = best else { return (Affinity::UNKNOWN, None) };
        (self.fitting(&fit, size), Some(size))
    }

    /// Which size systems are worn in a category.
    pub fn size_scope(&self, category: &[&str]) -> SizeScope {
        self.parameters.size_systems.scope(category)
    }

    /// How a size of a product fits; `None` while nothing is known of its system.
    pub fn fit(&self, size: &'a str, scope: &SizeScope) -> Option<Fit<'a>> {
        let place = self.parameters.size_systems.place_within(size, scope)?;
        let (place, table) = self.known_size(place)?;
        if table.peak <= f64::MIN_POSITIVE {
            return None;
        }
        Some(Fit { share: density(table, place.along, place.across) / table.peak, table })
    }

    /// What a product is worth whose best size fits so.
    pub fn fitting<'e>(&self, fit: &Fit<'e>, best: &'e str) -> Affinity<'e> {
        let table = fit.table;
        let confidence = match table.stated {
            true => 1.0,
            false => table.total.confidence(self.parameters.prior_events_own),
        };
        let evidence = Evidence::Size { best, usual: &table.usual, stated: table.stated };
        Affinity::new(2.0 * fit.share.min(1.0) - 1.0, confidence, evidence)
    }

    /// The place with what the shopper wears of its system; a British or American shoe is compared
    /// with European ones where only those are known.
    fn known_size(&self, place: SizePlace<'a>) -> Option<(SizePlace<'a>, &'a SizeTable)> {
        if let Some(table) = self.profile.sizes.get(place.system) {
            return Some((place, table));
        }
        let table = self.profile.sizes.get(SHOE_EU)?;
        let place = self.parameters.size_systems.in_european(&place, &table.usual)?;
        Some((place, table))
    }
}
