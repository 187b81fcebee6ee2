//! A profile as the shopper may read it: what is believed, how strongly, and from how many acts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Consent;
use super::profile::{Profile, ProfileParameters, RecentChoice};
use super::tally::Tally;
use crate::domain::time::Timestamp;

/// A readable profile, for `GET /v1/shoppers/{id}`. Lists are strongest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProfileView {
    /// How much behaviour may be used.
    pub consent: Consent,
    /// The moment that all weights are faded to.
    pub at: Timestamp,
    /// Events behind the profile.
    pub events: u32,
    /// What the shopper said; outranks the rest.
    pub stated: StatedView,
    /// Categories, each level of each path.
    pub categories: Vec<BeliefView>,
    /// Brands within categories, and over the whole shop where `within` is absent.
    pub brands: Vec<BeliefView>,
    /// Colours.
    pub colors: Vec<BeliefView>,
    /// Sizes, `within` their size system.
    pub sizes: Vec<BeliefView>,
    /// What is usually paid by category.
    pub prices: Vec<PriceView>,
    /// Products bought.
    pub bought: Vec<BoughtView>,
    /// Products dismissed or sent back.
    pub turned_down: Vec<TurnedDownView>,
    /// Products chosen lately, the latest first.
    pub recent: Vec<RecentChoice>,
    /// Texts searched for, newest first.
    pub searches: Vec<String>,
}

/// What the shopper said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StatedView {
    /// Sizes by size system.
    pub sizes: BTreeMap<String, Vec<String>>,
    /// Brands asked for.
    pub liked_brands: Vec<String>,
    /// Brands blocked.
    pub blocked_brands: Vec<String>,
}

/// One thing believed of the shopper.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BeliefView {
    /// The brand, category, colour or size.
    pub name: String,
    /// The category or size system it was judged within.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Choices less rejections over the long term; a fresh purchase has weight 1.
    pub weight: f64,
    /// The same in the present session.
    pub session_weight: f64,
    /// How sure this makes, 0–1.
    pub confidence: f64,
    /// Choices behind it.
    pub choices: u32,
    /// Rejections behind it.
    pub rejections: u32,
}

/// What is usually paid in a category.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PriceView {
    /// The category.
    pub category: String,
    /// Geometric mean of the prices.
    pub typical: f64,
    /// One standard deviation below.
    pub from: f64,
    /// One standard deviation above.
    pub to: f64,
    /// Choices behind it.
    pub choices: u32,
}

/// A product bought.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BoughtView {
    /// Its id.
    pub product_id: String,
    /// Days on which it was bought.
    pub times: u32,
    /// The last of them.
    pub last: Timestamp,
}

/// A product turned down.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TurnedDownView {
    /// Its id.
    pub product_id: String,
    /// 0–1, faded.
    pub weight: f64,
    /// Whether it was bought and sent back.
    pub returned: bool,
}

/// The key of the whole shop in a list.
const WHOLE_SHOP: &str = "";

impl ProfileView {
    /// Makes a profile readable; `parameters` are those of its fold.
    pub fn new(profile: &Profile, parameters: &ProfileParameters) -> Self {
        let prior = parameters.prior_events;
        let own_prior = parameters.prior_events_own;
        let categories = profile.categories.iter().filter(|(key, _)| &***key != WHOLE_SHOP);
        let brands = profile.brands.iter().flat_map(|(category, table)| {
            let within = (&**category != WHOLE_SHOP).then_some(&**category);
            table.brands.iter().map(move |(brand, tally)| (&**brand, within, tally))
        });
        let sizes =
            profile.sizes.iter().filter(|(_, table)| !table.stated).flat_map(|(system, table)| {
                table.sizes.iter().map(move |(size, worn)| (&**size, Some(&**system), &worn.tally))
            });
        Self {
            consent: profile.consent,
            at: profile.now,
            events: profile.events,
            stated: stated(profile),
            categories: beliefs(categories.map(|(key, tally)| (&**key, None, tally)), prior),
            brands: beliefs(brands, prior),
            colors: beliefs(profile.colors.iter().map(|(key, tally)| (&**key, None, tally)), prior),
            sizes: beliefs(sizes, own_prior),
            prices: prices(profile),
            bought: bought(profile),
            turned_down: turned_down(profile),
            recent: profile.recent.clone(),
            searches: profile.searches.clone(),
        }
    }
}

fn beliefs<'a>(
    known: impl Iterator<Item = (&'a str, Option<&'a str>, &'a Tally)>,
    prior_events: f64,
) -> Vec<BeliefView> {
    let mut beliefs: Vec<BeliefView> = known
        .map(|(name, within, tally)| BeliefView {
            name: name.to_owned(),
            within: within.map(str::to_owned),
            weight: tally.net(),
            session_weight: tally.session_net(),
            confidence: tally.confidence(prior_events),
            choices: tally.choices,
            rejections: tally.rejections,
        })
        .collect();
    beliefs.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    beliefs
}

fn stated(profile: &Profile) -> StatedView {
    let sizes = profile.sizes.iter().filter(|(_, table)| table.stated);
    StatedView {
        sizes: sizes
            .map(|(system, table)| {
                (system.to_string(), table.sizes.keys().map(ToString::to_string).collect())
            })
            .collect(),
        liked_brands: profile.liked_brands.clone(),
        blocked_brands: profile.blocked_brands.clone(),
    }
}

fn prices(profile: &Profile) -> Vec<PriceView> {
    let bands = profile.prices.iter().filter_map(|(category, band)| {
        let (mean, variance) = band.mean_and_variance()?;
        let deviation = variance.sqrt();
        Some(PriceView {
            category: category.to_string(),
            typical: mean.exp(),
            from: (mean - deviation).exp(),
            to: (mean + deviation).exp(),
            choices: band.tally.choices,
        })
    });
    let mut bands: Vec<PriceView> = bands.collect();
    bands.sort_by_key(|band| std::cmp::Reverse(band.choices));
    bands
}

fn bought(profile: &Profile) -> Vec<BoughtView> {
    let products = profile.bought.iter().map(|(product_id, bought)| BoughtView {
        product_id: product_id.to_string(),
        times: bought.count,
        last: bought.last,
    });
    let mut products: Vec<BoughtView> = products.collect();
    products.sort_by_key(|product| std::cmp::Reverse((product.times, product.last)));
    products
}

fn turned_down(profile: &Profile) -> Vec<TurnedDownView> {
    let products = profile.turned_down.iter().map(|(product_id, turned)| TurnedDownView {
        product_id: product_id.to_string(),
        weight: turned.weight,
        returned: turned.returned,
    });
    let mut products: Vec<TurnedDownView> = products.collect();
    products.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    products
}
