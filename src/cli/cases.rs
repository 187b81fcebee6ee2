//! Shoppers with histories, from a file of cases or of chance, and how searches do for them.

use std::path::PathBuf;

use clap::Args;

use super::data::operator;
use super::judged::{of_file, open};
use crate::domain::id::{ProductId, ShopperId};
use crate::domain::page::Page;
use crate::domain::search::SearchRequest;
use crate::engine::{History, Trial};
use crate::error::{Error, Result};
use crate::eval::cases::{Case, CasesReport, Outcome, evaluate_cases, read_cases};
use crate::eval::sample::sample;

/// Hits that are asked for: a target behind them counts as not found.
const HITS: usize = 100;

/// Purchases of a shopper of chance, and days between any two of them.
const RANDOM_PURCHASES: usize = 10;
const RANDOM_DAYS_BETWEEN: f64 = 7.0;

/// What `vitrine eval` may be told about cases.
#[derive(Args)]
pub(super) struct CasesArguments {
    /// Measure personalisation instead, on cases, a JSON object a line: {"shopper": …,
    /// "history": [products, oldest first], "query": …, "target": the product then bought}
    #[arg(long, value_name = "JSONL", conflicts_with_all = ["Judged", "corrections", "run"])]
    cases: Option<PathBuf>,
    /// Days between two purchases of a history, and between the last one and the search
    #[arg(long, value_name = "DAYS", default_value_t = 7.0, value_parser = days)]
    days_between: f64,
}

fn days(text: &str) -> std::result::Result<f64, String> {
    let days: Option<f64> = text.parse().ok();
    days.filter(|days| (0.0..=3650.0).contains(days)).ok_or_else(|| "from 0 to 3650".to_owned())
}

impl CasesArguments {
    pub(super) fn is_given(&self) -> bool {
        self.cases.is_some()
    }

    /// Searches for every case with and without its history.
    pub(super) fn measure(&self, trial: &Trial<'_>, asked: &SearchRequest) -> Result<CasesReport> {
        let Some(path) = &self.cases else {
            return Err(Error::bad_request("invalid_cases", "there is no file of cases", ""));
        };
        let cases = read_cases(open(path)?).map_err(|error| of_file(path, &error))?;
        evaluate_cases(&cases, &mut |case| self.outcome(case, (trial, asked)))
    }

    fn outcome(
        &self,
        case: &Case,
        (trial, asked): (&Trial<'_>, &SearchRequest),
    ) -> Result<Outcome> {
        let caller = operator();
        let (bought, days_between) = (&case.history, self.days_between);
        let history = History { shopper: &case.shopper, bought, days_between };
        let request = SearchRequest { q: case.query.clone(), per_page: HITS, ..asked.clone() };
        let rank = |page: Page| {
            let place = page.hits.iter().position(|hit| hit.id == case.target.as_str());
            place.map(|place| place + 1)
        };
        let brand = trial.brand(&case.target);
        let knows = |id: &ProductId| brand.is_some() && trial.brand(id) == brand;
        Ok(Outcome {
            plain: rank(trial.search_as(None, &request, caller)?),
            personal: rank(trial.search_as(Some(&history), &request, caller)?),
            knows_brand: case.history.iter().any(knows),
            knows_product: case.history.contains(&case.target),
        })
    }
}

/// Shoppers who bought products of chance.
pub(super) struct Strangers {
    seed: u64,
    products: Vec<ProductId>,
    shopper: ShopperId,
}

impl Strangers {
    /// The same seed and products give the same shoppers.
    ///
    /// # Errors
    /// `BadRequest` when there are no products.
    pub(super) fn new(seed: u64, products: Vec<ProductId>) -> Result<Self> {
        let shopper = ShopperId::parse("stranger");
        match (shopper, products.is_empty()) {
            (Ok(shopper), false) => Ok(Self { seed, products, shopper }),
            _ => Err(Error::bad_request("empty_index", "the index has no products", "import some")),
        }
    }

    /// Searches as the next of them.
    pub(super) fn search(&mut self, trial: &Trial<'_>, request: &SearchRequest) -> Result<Page> {
        let places = sample(self.products.len(), RANDOM_PURCHASES, self.seed);
        self.seed = self.seed.wrapping_add(1);
        let bought: Vec<ProductId> =
            places.into_iter().map(|place| self.products[place].clone()).collect();
        let days_between = RANDOM_DAYS_BETWEEN;
        let history = History { shopper: &self.shopper, bought: &bought, days_between };
        trial.search_as(Some(&history), request, operator())
    }
}
