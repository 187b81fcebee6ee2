//! Which rules fire: found by what they ask for, so that the others cost nothing.

use std::collections::{BTreeSet, HashMap};

use super::Situation;
use super::condition::{Conditions, Way, category_of, precedence};
use super::rewrite::rewrite;
use super::wording::{Wording, words};
use crate::domain::id::RuleId;
use crate::query::Query;
use crate::settings::Settings;

/// The enabled rules of one version of the settings, by their conditions.
#[derive(Debug)]
pub struct Rulebook {
    fold: fn(&str) -> String,
    /// In order of precedence; a number below is a place in it.
    entries: Vec<Entry>,
    /// Rules with a condition on the query, by its words.
    by_text: HashMap<String, Readers>,
    /// How many words such conditions have.
    lengths: BTreeSet<usize>,
    /// Rules without one, by category.
    by_category: HashMap<String, Vec<u32>>,
    /// Rules with neither, by context.
    by_context: HashMap<String, Vec<u32>>,
    /// All others.
    others: Vec<u32>,
    /// Whether any rule rewrites queries.
    rewrites: bool,
}

#[derive(Debug)]
struct Entry {
    id: RuleId,
    conditions: Conditions,
}

/// Rules that ask for the same words.
#[derive(Debug, Default)]
struct Readers {
    is: Vec<u32>,
    starts_with: Vec<u32>,
    contains: Vec<u32>,
}

impl Rulebook {
    /// Makes the rules of the settings ready to be found. `fold` is the folding that made
    /// [`Query::text`].
    pub fn new(settings: &Settings, fold: fn(&str) -> String) -> Self {
        let wording = Wording::new(&settings.synonyms, fold);
        let mut enabled: Vec<_> = settings.rules.iter().filter(|(_, rule)| rule.enabled).collect();
        enabled.sort_by(|(id, rule), (other_id, other)| {
            precedence(id, rule).cmp(&precedence(other_id, other))
        });
        let mut book = Self {
            fold,
            entries: Vec::with_capacity(enabled.len()),
            by_text: HashMap::new(),
            lengths: BTreeSet::new(),
            by_category: HashMap::new(),
            by_context: HashMap::new(),
            others: Vec::new(),
            rewrites: false,
        };
        for (number, (id, rule)) in (0..).zip(enabled) {
            let conditions = Conditions::new(&rule.when, &wording);
            book.file(number, &conditions);
            book.rewrites |= rule.then.iter().any(|action| rewrite(action).is_some());
            book.entries.push(Entry { id: id.clone(), conditions });
        }
        book
    }

    /// Puts a rule where its rarest condition is looked up.
    fn file(&mut self, number: u32, conditions: &Conditions) {
        if let Some(text) = &conditions.text {
            for words in &text.texts {
                self.lengths.extend(Some(words.split(' ').count()).filter(|_| !words.is_empty()));
                let readers = self.by_text.entry(words.clone()).or_default();
                match text.way {
                    Way::Is => readers.is.push(number),
                    Way::StartsWith => readers.starts_with.push(number),
                    Way::Contains => readers.contains.push(number),
                }
            }
        } else if let Some(category) = &conditions.category {
            self.by_category.entry(category.clone()).or_default().push(number);
        } else if conditions.contexts.is_empty() {
            self.others.push(number);
        } else {
            for context in &conditions.contexts {
                self.by_context.entry(context.clone()).or_default().push(number);
            }
        }
    }

    /// The rules that fire, in order of precedence.
    pub fn firing(&self, query: &Query, situation: &Situation<'_>) -> Vec<&RuleId> {
        let category = category_of(situation.filter).map(|category| (self.fold)(category));
        let mut numbers = self.reading(&query.text);
        if let Some(named) = category.as_ref().and_then(|name| self.by_category.get(name)) {
            numbers.extend(named);
        }
        for context in situation.contexts {
            numbers.extend(self.by_context.get(context).into_iter().flatten());
        }
        numbers.extend(&self.others);
        let holds = |number: &u32| {
            let Entry { id, conditions } = &self.entries[*number as usize];
            conditions.hold(id, situation, category.as_deref())
        };
        numbers.retain(holds);
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(|number| &self.entries[number as usize].id).collect()
    }

    pub(super) fn rewrites(&self) -> bool {
        self.rewrites
    }

    pub(super) fn fold(&self) -> fn(&str) -> String {
        self.fold
    }

    /// Its rules in order of precedence; their places are their numbers.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&RuleId, &Conditions)> {
        self.entries.iter().map(|entry| (&entry.id, &entry.conditions))
    }

    /// The numbers of the rules whose condition on the query holds for a folded text, in no order and perhaps
    /// repeatedly.
    pub(super) fn reading(&self, folded: &str) -> Vec<u32> {
        let mut text = String::with_capacity(folded.len());
        let mut places = Vec::new();
        for word in words(folded) {
            if !text.is_empty() {
                text.push(' ');
            }
            let start = text.len();
            text.push_str(word);
            places.push((start, text.len()));
        }
        if places.is_empty() {
            return self.by_text.get("").map(|readers| readers.is.clone()).unwrap_or_default();
        }
        let mut found = Vec::new();
        for (first, (start, _)) in places.iter().enumerate() {
            for length in &self.lengths {
                let last = (first + length).checked_sub(1);
                let Some((_, end)) = last.and_then(|last| places.get(last)) else { continue };
                let Some(readers) = self.by_text.get(&text[*start..*end]) else { continue };
                found.extend(&readers.contains);
                if *start == 0 {
                    found.extend(&readers.starts_with);
                }
                if *start == 0 && *end == text.len() {
                    found.extend(&readers.is);
                }
            }
        }
        found
    }
}
