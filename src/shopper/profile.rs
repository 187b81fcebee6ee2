//! A shopper's profile: what the fold of the shopper's events knows at one moment.

use std::sync::Arc;

use litemap::LiteMap;
use serde::Serialize;

use super::Consent;
use super::size::{SizePlace, SizeSystems};
use super::tally::{Mark, Tally, update};
use crate::domain::time::Timestamp;

/// Values by name, in the order of the names. One sorted run rather than a tree: most tables have a
/// few rows, and a tree's node takes as much room for one as for eleven.
pub type Table<V> = LiteMap<Arc<str>, V>;

/// What a fold needs besides the events.
#[derive(Clone, Debug)]
pub struct ProfileParameters {
    /// Half-life of the long term, in days, > 0.
    pub half_life_days: f64,
    /// Half-life of the present session, in minutes, > 0.
    pub session_half_life_minutes: f64,
    /// How many purchases' worth of evidence the shop's average stands for, ≥ 0.
    pub prior_events: f64,
    /// The same for sizes and repeat purchases, which tell of the shopper and not of the shop, so
    /// that fewer acts prove them, ≥ 0.
    pub prior_events_own: f64,
    /// A session ends after so many minutes without an event; for consent to the session only.
    pub session_gap_minutes: f64,
    /// The size systems of the index.
    pub size_systems: SizeSystems,
}

impl Default for ProfileParameters {
    /// The numbers of the default settings, without size lists.
    fn default() -> Self {
        Self {
            half_life_days: 60.0,
            session_half_life_minutes: 30.0,
            prior_events: 3.0,
            prior_events_own: 1.0,
            session_gap_minutes: 30.0,
            size_systems: SizeSystems::default(),
        }
    }
}

/// The brands chosen within one category.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BrandTable {
    /// All choices of a product with a brand.
    pub total: Tally,
    /// By brand.
    pub brands: Table<Tally>,
}

impl BrandTable {
    pub(super) fn add(&mut self, brand: &str, mark: Mark) {
        self.total.add(mark);
        update(&mut self.brands, brand, |tally| tally.add(mark));
    }
}

/// The sizes chosen within one size system.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SizeTable {
    /// By size, as it was written.
    pub sizes: Table<WornSize>,
    /// All choices of a size of this system.
    pub total: Tally,
    /// Whether the shopper stated these sizes; then none is inferred.
    pub stated: bool,
    /// The size with most behind it.
    pub usual: Arc<str>,
    /// Density of the kernel at its highest among `sizes`; 0 when rejections leave nothing.
    pub peak: f64,
}

impl SizeTable {
    pub(super) fn add(&mut self, size: &str, place: &SizePlace<'_>, mark: Mark) {
        self.total.add(mark);
        update(&mut self.sizes, size.trim(), |worn: &mut WornSize| {
            (worn.along, worn.across) = (place.along, place.across);
            worn.tally.add(mark);
        });
    }
}

/// A size of the shopper's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WornSize {
    /// Steps along the system.
    pub along: f64,
    /// Steps along its second axis.
    pub across: f64,
    /// Evidence for it.
    pub tally: Tally,
}

impl WornSize {
    /// What it counts in the kernel, ≥ 0.
    pub(super) fn weight(&self) -> f64 {
        (self.tally.net() + self.tally.session_net()).max(0.0)
    }
}

/// What the shopper pays within one category: moments of the logarithm of the price.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PriceBand {
    /// Evidence behind it; also the weights of the moments: the sum of both half-lives.
    pub tally: Tally,
    /// Σ weight · ln price.
    pub sum: f64,
    /// Σ weight · (ln price)².
    pub square_sum: f64,
}

impl PriceBand {
    pub(super) fn add(&mut self, log_price: f64, mark: Mark) {
        let weight = mark.long + mark.session;
        self.tally.add(mark);
        self.sum += weight * log_price;
        self.square_sum += weight * log_price * log_price;
    }

    /// The weight behind the moments, ≥ 0.
    pub fn weight(&self) -> f64 {
        self.tally.long + self.tally.session
    }

    /// Weighted mean and variance of ln price, when there is any weight.
    pub fn mean_and_variance(&self) -> Option<(f64, f64)> {
        let weight = self.weight();
        if weight <= f64::MIN_POSITIVE {
            return None;
        }
        let mean = self.sum / weight;
        Some((mean, (self.square_sum / weight - mean * mean).max(0.0)))
    }
}

/// How often one product was bought.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bought {
    /// Days on which it was bought.
    pub count: u32,
    /// The last of them.
    pub last: Timestamp,
    /// Evidence behind it, decayed.
    pub tally: Tally,
}

/// How often the shopper comes back for the same product within one category. Not decayed: it
/// tells of the kind of goods.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RepeatTally {
    /// Purchases, counting a product once a day.
    pub purchases: u32,
    /// Those of a product bought on an earlier day.
    pub repeats: u32,
}

/// Why a product goes down.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TurnedDown {
    /// 0–1, faded to the time of the fold.
    pub weight: f64,
    /// Whether it was bought and sent back, rather than dismissed.
    pub returned: bool,
}

/// Products chosen lately that a profile names.
pub const RECENT_MAX: usize = 6;

/// A product chosen lately.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RecentChoice {
    /// Which product.
    pub product: String,
    /// Its brand at that time.
    pub brand: Option<String>,
    /// 0–1: what the choice was worth, faded to the time of the fold, and halved for every
    /// purchase's worth of choices since.
    pub weight: f64,
}

/// What is known of one shopper at one moment. Maps are ordered, so that folding the same events
/// twice gives the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Profile {
    /// The time of the fold, to which all weights are faded.
    pub now: Timestamp,
    /// How much behaviour was allowed in.
    pub consent: Consent,
    /// Events behind the profile.
    pub events: u32,
    /// What they amount to: acts on a product, a purchase with all that led to it counting once.
    pub acts: u32,
    /// By category key: the path's names with ` > ` between; the whole shop under the empty key.
    pub categories: Table<Tally>,
    /// By category key.
    pub brands: Table<BrandTable>,
    /// All choices of a product with a colour.
    pub color_total: Tally,
    /// By colour.
    pub colors: Table<Tally>,
    /// By size system.
    pub sizes: Table<SizeTable>,
    /// By category key, without the whole shop.
    pub prices: Table<PriceBand>,
    /// By product.
    pub bought: Table<Bought>,
    /// By key of the leaf category.
    pub repeats: Table<RepeatTally>,
    /// Products dismissed or sent back.
    pub turned_down: Table<TurnedDown>,
    /// The products chosen last, each once, the latest first.
    pub recent: Vec<RecentChoice>,
    /// Brands the shopper asked for.
    pub liked_brands: Vec<String>,
    /// Brands the shopper blocked.
    pub blocked_brands: Vec<String>,
    /// Texts searched for, newest first, each once.
    pub searches: Vec<String>,
}

impl Profile {
    /// Whether the shopper said anything, rather than only did.
    pub fn has_stated(&self) -> bool {
        self.sizes.values().any(|table| table.stated)
            || !self.liked_brands.is_empty()
            || !self.blocked_brands.is_empty()
    }

    /// Whether nothing is known: then every affinity is zero.
    pub fn is_empty(&self) -> bool {
        self.events == 0
            && self.sizes.is_empty()
            && self.liked_brands.is_empty()
            && self.blocked_brands.is_empty()
    }
}
