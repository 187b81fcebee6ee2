//! What two rules do to one another where both fire.
//!
//! Two rules are taken to fire together when one request meets the conditions of both that asks for
//! just the words that one of them names. Two that merely may occur in one query ("contains shoes",
//! "contains bags") are not compared: nearly all rules would contradict nearly all.

use std::collections::HashSet;

use super::{Kind, Live, Pinned, Report, Rewrite, Rulebook};

/// At most so many pairs are compared.
const PAIRS_MAX: usize = 200_000;

/// Compares each rule with itself and with those that fire together with it; `lives` has them by
/// their numbers in the rulebook.
pub(super) fn compare_all(rulebook: &Rulebook, lives: &[Option<Live<'_>>], report: &mut Report) {
    let numbered = || (0_u32..).zip(lives).filter_map(|(n, live)| Some((n, live.as_ref()?)));
    let unasking: Vec<u32> = numbered()
        .filter(|(_, live)| live.conditions.text.is_none() && live.acts())
        .map(|(number, _)| number)
        .collect();
    let mut seen = HashSet::new();
    for (number, live) in numbered() {
        compare_within(live, report);
        let texts = live.conditions.text.iter().flat_map(|text| &text.texts);
        let mut partners: Vec<u32> = texts.flat_map(|text| rulebook.reading(text)).collect();
        partners.extend(&unasking);
        partners.sort_unstable();
        for partner in partners {
            let Some(Some(other)) = lives.get(partner as usize) else { continue };
            if partner == number || !may_conflict(live, other) {
                continue;
            }
            if seen.len() == PAIRS_MAX {
                report.complete = false;
                return;
            }
            if seen.insert((number.min(partner), number.max(partner))) {
                let (first, second) = if number < partner { (live, other) } else { (other, live) };
                compare_pair(first, second, report);
            }
        }
    }
}

/// Whether two rules do anything that can be against one another, under conditions that one request
/// may meet.
fn may_conflict(one: &Live<'_>, other: &Live<'_>) -> bool {
    let concerns = |one: &Live<'_>, other: &Live<'_>| {
        !one.pins.is_empty() && (!other.pins.is_empty() || other.compiled.is_against_some())
    };
    (concerns(one, other)
        || concerns(other, one)
        || (one.redirect.is_some() && other.redirect.is_some())
        || (!one.rewrites.is_empty() && !other.rewrites.is_empty()))
        && one.conditions.may_hold_with(other.conditions)
}

impl Live<'_> {
    fn acts(&self) -> bool {
        !self.pins.is_empty()
            || self.redirect.is_some()
            || self.compiled.is_against_some()
            || !self.rewrites.is_empty()
    }
}

fn compare_within(live: &Live<'_>, report: &mut Report) {
    for (place, pin) in live.pins.iter().enumerate() {
        for other in live.pins.iter().skip(place + 1) {
            compare_pins((live, pin), (live, other), report);
        }
        compare_pin((live, pin), live, report);
    }
    for (place, rewrite) in live.rewrites.iter().enumerate() {
        for other in live.rewrites.iter().skip(place + 1) {
            compare_rewrites((live, rewrite), (live, other), report);
        }
    }
}

fn compare_pair(first: &Live<'_>, second: &Live<'_>, report: &mut Report) {
    for pin in &first.pins {
        for other in &second.pins {
            compare_pins((first, pin), (second, other), report);
        }
        compare_pin((first, pin), second, report);
    }
    for pin in &second.pins {
        compare_pin((second, pin), first, report);
    }
    for rewrite in &first.rewrites {
        for other in &second.rewrites {
            compare_rewrites((first, rewrite), (second, other), report);
        }
    }
    if let (Some(url), Some(other)) = (first.redirect, second.redirect)
        && url != other
    {
        let (one, two) = (first.id, second.id);
        let message = format!("rule \"{one}\" sends to {url} and \"{two}\" to {other}");
        report.add(Kind::TwoRedirects, &[one, two], &[], message);
    }
}

type PinOf<'l, 'v> = (&'l Live<'v>, &'l Pinned<'v>);

/// Two pins, the first of which comes first.
fn compare_pins((first, pin): PinOf<'_, '_>, (second, other): PinOf<'_, '_>, report: &mut Report) {
    let (one, two) = (first.id, second.id);
    let rules = if one == two { vec![one] } else { vec![one, two] };
    let (product, position) = (pin.product, pin.position);
    if pin.position == other.position && pin.product != other.product {
        let message = format!(
            "rule \"{one}\" pins \"{product}\" and \"{two}\" pins \"{}\" to position {position}; \
             the second one moves on to the next free place",
            other.product
        );
        report.add(Kind::SamePosition, &rules, &[product, other.product], message);
    } else if pin.position != other.position && pin.product == other.product {
        let message = format!(
            "rule \"{one}\" pins \"{product}\" to position {position} and \"{two}\" to {}; the \
             first one decides",
            other.position
        );
        report.add(Kind::PinnedTwice, &rules, &[product], message);
    }
}

/// A pin and a rule that may be against its product.
fn compare_pin((pinning, pin): PinOf<'_, '_>, against: &Live<'_>, report: &mut Report) {
    let (one, two, product) = (pinning.id, against.id, pin.product);
    let rules = if one == two { vec![one] } else { vec![one, two] };
    if !against.compiled.admits(pin.ordinal) {
        let message = format!("rule \"{two}\" leaves out \"{product}\", which \"{one}\" pins");
        report.add(Kind::HiddenPin, &rules, &[product], message);
    } else if against.compiled.buries(pin.ordinal) {
        let message = format!("rule \"{two}\" buries \"{product}\", which \"{one}\" pins");
        report.add(Kind::BuriedPin, &rules, &[product], message);
    }
}

type RewriteOf<'l, 'v> = (&'l Live<'v>, &'l Rewrite);

/// Two rewrites, the first of which acts first.
fn compare_rewrites(
    (first, rewrite): RewriteOf<'_, '_>,
    (second, other): RewriteOf<'_, '_>,
    report: &mut Report,
) {
    let (one, two) = (first.id, second.id);
    let rules = if one == two { vec![one] } else { vec![one, two] };
    if rewrite.words == other.words && rewrite.with != other.with {
        let words = rewrite.words.join(" ");
        let message =
            format!("rules \"{one}\" and \"{two}\" both rewrite '{words}'; the first one decides");
        report.add(Kind::RewrittenTwice, &rules, &[], message);
    } else if other.removes_of(rewrite) {
        let words = other.words.join(" ");
        let message =
            format!("rule \"{one}\" puts in '{words}', which \"{two}\" then removes again");
        report.add(Kind::UndoneRewrite, &rules, &[], message);
    } else if rewrite.removes_of(other) {
        let words = rewrite.words.join(" ");
        let message =
            format!("rule \"{one}\" removes '{words}', which \"{two}\" then puts in again");
        report.add(Kind::UndoneRewrite, &rules, &[], message);
    }
}

impl Rewrite {
    /// Whether it removes words that another one puts in.
    fn removes_of(&self, other: &Self) -> bool {
        let has = |run: &[String]| run == self.words;
        self.with.is_empty()
            && !self.words.is_empty()
            && other.with.windows(self.words.len()).any(has)
    }
}
