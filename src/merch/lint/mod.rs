//! What is wrong with a set of rules: rules that never fire, pins that show nothing, and rules that
//! work against one another.

mod pair;

use serde::Serialize;

use super::condition::Conditions;
use super::plan::{Compiled, mistake};
use super::rewrite::rewrite;
use super::rulebook::Rulebook;
use super::wording::words;
use crate::domain::filter::{Condition, Filter};
use crate::domain::id::{Ordinal, ProductId, RuleId};
use crate::domain::time::Timestamp;
use crate::domain::value::Scalar;
use crate::error::Result;
use crate::rank::Ranked;
use crate::settings::Settings;
use crate::settings::rules::{Action, Rule};

/// A report names at most so many findings.
const FINDINGS_MAX: usize = 1_000;

/// Something wrong with one rule or with two together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// The rules it is about, first by precedence.
    pub rules: Vec<RuleId>,
    /// The products it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductId>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Switched off.
    Disabled,
    /// Its time is over.
    Ended,
    /// It ends before it begins.
    EmptyPeriod,
    /// No visitor gets it.
    NoShare,
    /// No shopper belongs to its segment.
    EmptySegment,
    /// No query meets its condition.
    Unreadable,
    /// A filter does not suit the index, so the rule is left out whole.
    InvalidFilter,
    /// A pin names a product that the index does not have.
    UnknownProduct,
    /// A pin names a product that cannot be bought.
    OutOfStock,
    /// A pinned product is left out by a rule.
    HiddenPin,
    /// A pinned product is buried, which then does nothing.
    BuriedPin,
    /// Two products are pinned to one position.
    SamePosition,
    /// A product is pinned to two positions.
    PinnedTwice,
    /// Two addresses to send the shopper to.
    TwoRedirects,
    /// One rewrite puts in words that another removes.
    UndoneRewrite,
    /// Two rewrites of the same words; only the first acts.
    RewrittenTwice,
}

impl Kind {
    fn hint(self) -> &'static str {
        match self {
            Self::Disabled => "enable it, or delete it",
            Self::Ended => "move 'until' on, or delete the rule",
            Self::EmptyPeriod => "put 'until' after 'from'",
            Self::NoShare => "raise 'share_percent', or delete the rule",
            Self::EmptySegment => "correct the bounds, which contradict one another",
            Self::Unreadable => "write the words in letters or digits, or take the condition out",
            Self::InvalidFilter => "correct the filter; until then nothing of the rule acts",
            Self::UnknownProduct => "correct the id, or take the pin out",
            Self::OutOfStock => "pin another product, or take the pin out until it is back",
            Self::HiddenPin => "take the pin out, or except the product from the filter",
            Self::BuriedPin => "take the pin out, or except the product from what is buried",
            Self::SamePosition => {
                "give one another position, or keep the rules from firing together"
            }
            Self::PinnedTwice => "keep one of the pins, or keep the rules from firing together",
            Self::TwoRedirects => "keep one of them, or keep the rules from firing together",
            Self::UndoneRewrite => "put in other words, or do not remove these",
            Self::RewrittenTwice => {
                "keep one of the rewrites, or keep the rules from firing together"
            }
        }
    }
}

/// What is wrong with a set of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rule by rule, in order of precedence, then pairs.
    pub findings: Vec<Finding>,
    /// False when there was too much to name or to compare all of it.
    pub complete: bool,
}

impl Report {
    fn add(&mut self, kind: Kind, rules: &[&RuleId], products: &[&ProductId], message: String) {
        if self.findings.len() == FINDINGS_MAX {
            self.complete = false;
            return;
        }
        self.findings.push(Finding {
            kind,
            rules: rules.iter().map(|id| (*id).clone()).collect(),
            products: products.iter().map(|id| (*id).clone()).collect(),
            message,
            hint: kind.hint(),
        });
    }
}

/// A rule that may fire, with what it does to single products.
struct Live<'v> {
    id: &'v RuleId,
    conditions: &'v Conditions,
    compiled: Compiled<'v>,
    pins: Vec<Pinned<'v>>,
    redirect: Option<&'v str>,
    rewrites: Vec<Rewrite>,
}

/// A rewrite of the query, by folded words.
struct Rewrite {
    words: Vec<String>,
    /// None for a removal.
    with: Vec<String>,
}

/// A pin of a product that the index has.
struct Pinned<'v> {
    product: &'v ProductId,
    ordinal: Ordinal,
    /// From 1.
    position: usize,
}

/// Looks through the rules of the settings at a time; `rulebook` is made of them, and `catalogue`
/// ranks nothing.
///
/// # Errors
/// Internal when a filter fails for another reason than its own content.
pub fn lint<'v>(
    settings: &'v Settings,
    rulebook: &'v Rulebook,
    catalogue: &Ranked<'v>,
    now: Timestamp,
) -> Result<Report> {
    let mut report = Report { findings: Vec::new(), complete: true };
    for (id, rule) in &settings.rules {
        if !rule.enabled {
            report.add(Kind::Disabled, &[id], &[], format!("rule \"{id}\" is switched off"));
        }
    }
    let mut lives = Vec::new();
    for (id, conditions) in rulebook.rules() {
        let known = settings.rules.get(id).filter(|_| may_fire(id, conditions, now, &mut report));
        lives.push(match known {
            Some(rule) => Live::new((id, rule), conditions, catalogue, &mut report)?
                .map(|live| live.with_rewrites(rule, rulebook.fold())),
            None => None,
        });
    }
    pair::compare_all(rulebook, &lives, &mut report);
    Ok(report)
}

/// Tells a rule that never fires.
fn may_fire(id: &RuleId, conditions: &Conditions, now: Timestamp, report: &mut Report) -> bool {
    let (from, until) = (conditions.from, conditions.until);
    let problem = if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        let (from, until) = (from.to_text(), until.to_text());
        Some((Kind::EmptyPeriod, format!("rule \"{id}\" begins at {from} and ends at {until}")))
    } else if let Some(until) = until.filter(|until| *until <= now) {
        Some((Kind::Ended, format!("rule \"{id}\" ended at {}", until.to_text())))
    } else if conditions.share_percent.is_some_and(|share| share <= 0.0) {
        Some((Kind::NoShare, format!("rule \"{id}\" is for 0 percent of the visitors")))
    } else if conditions.needs.is_impossible() {
        let message = format!("no shopper can meet the conditions of rule \"{id}\" on shoppers");
        Some((Kind::EmptySegment, message))
    } else if conditions.is_unreadable() {
        let message = format!("the condition of rule \"{id}\" on the query has no words");
        Some((Kind::Unreadable, message))
    } else {
        None
    };
    let fires = problem.is_none();
    if let Some((kind, message)) = problem {
        report.add(kind, &[id], &[], message);
    }
    fires
}

impl<'v> Live<'v> {
    /// Makes a rule ready to be compared, and tells what is wrong with its pins; `None` where it is
    /// left out because of a filter.
    fn new(
        (id, rule): (&'v RuleId, &'v Rule),
        conditions: &'v Conditions,
        catalogue: &Ranked<'v>,
        report: &mut Report,
    ) -> Result<Option<Self>> {
        let compiled = match mistake(Compiled::new(id, rule, catalogue))? {
            Ok(compiled) => compiled,
            Err(reason) => {
                report.add(Kind::InvalidFilter, &[id], &[], format!("rule \"{id}\": {reason}"));
                return Ok(None);
            }
        };
        let in_stock = Condition::Is(Scalar::Bool(true));
        let in_stock = Filter([("in_stock".to_owned(), in_stock)].into());
        let buyable = catalogue.matcher(&in_stock)?;
        let mut pins = Vec::new();
        for (product, position) in rule.then.iter().filter_map(pin) {
            let Some(ordinal) = catalogue.ordinal(product) else {
                let message = format!("rule \"{id}\" pins \"{product}\", which is not there");
                report.add(Kind::UnknownProduct, &[id], &[product], message);
                continue;
            };
            if !buyable.matches(ordinal) {
                let message = format!("rule \"{id}\" pins \"{product}\", which is out of stock");
                report.add(Kind::OutOfStock, &[id], &[product], message);
            }
            pins.push(Pinned { product, ordinal, position });
        }
        let redirect = rule.then.iter().find_map(redirect);
        let rewrites = Vec::new();
        Ok(Some(Self { id, conditions, compiled, pins, redirect, rewrites }))
    }

    fn with_rewrites(self, rule: &Rule, fold: fn(&str) -> String) -> Self {
        let folded = |text: &str| words(&fold(text)).map(str::to_owned).collect();
        let rewrites = rule.then.iter().filter_map(rewrite);
        let rewrites =
            rewrites.map(|(words, with)| Rewrite { words: folded(words), with: folded(with) });
        Self { rewrites: rewrites.collect(), ..self }
    }
}

fn pin(action: &Action) -> Option<(&ProductId, usize)> {
    match action {
        Action::Pin { product_id, position, .. } => Some((product_id, *position)),
        Action::Boost { .. }
        | Action::Bury { .. }
        | Action::Hide { .. }
        | Action::Filter { .. }
        | Action::Replace { .. }
        | Action::Remove { .. }
        | Action::Redirect { .. }
        | Action::Banner { .. } => None,
    }
}

fn redirect(action: &Action) -> Option<&str> {
    match action {
        Action::Redirect { url } => Some(url),
        Action::Pin { .. }
        | Action::Boost { .. }
        | Action::Bury { .. }
        | Action::Hide { .. }
        | Action::Filter { .. }
        | Action::Replace { .. }
        | Action::Remove { .. }
        | Action::Banner { .. } => None,
    }
}
