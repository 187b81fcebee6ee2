//! Texts of rules as words, and the other words that mean the same.

use std::collections::HashMap;

use crate::settings::Synonym;

/// A text is taken in at most so many other words.
const TEXTS_MAX: usize = 64;

/// How texts become words that compare.
#[derive(Debug)]
pub(super) struct Wording {
    /// The folding that makes the text of queries.
    pub(super) fold: fn(&str) -> String,
    /// What is typed to find a text, by the text.
    typed: HashMap<String, Vec<String>>,
}

/// Words of a folded text, without hyphens and signs: the query's tokeniser drops them, too.
pub(super) fn words(folded: &str) -> impl Iterator<Item = &str> + Clone {
    folded.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

impl Wording {
    pub(super) fn new(synonyms: &[Synonym], fold: fn(&str) -> String) -> Self {
        let mut wording = Self { fold, typed: HashMap::new() };
        for synonym in synonyms {
            match synonym {
                Synonym::Group(texts) => texts.iter().for_each(|from| wording.link(from, texts)),
                Synonym::OneWay { from, to } => wording.link(from, to),
            }
        }
        wording
    }

    fn link(&mut self, from: &str, to: &[String]) {
        let from = self.words(from);
        for text in to {
            let text = self.words(text);
            if !from.is_empty() && !text.is_empty() && from != text {
                self.typed.entry(text).or_default().push(from.clone());
            }
        }
    }

    /// The words of a text, with one space between them.
    pub(super) fn words(&self, text: &str) -> String {
        words(&(self.fold)(text)).collect::<Vec<_>>().join(" ")
    }

    /// A text and what is typed to find it: any of its words in other words.
    pub(super) fn same_meaning(&self, text: &str) -> Vec<String> {
        let text = self.words(text);
        let words: Vec<&str> = text.split(' ').collect();
        // What the words up to here may be, from the first to the last.
        let mut texts: Vec<Vec<String>> = vec![vec![String::new()]];
        for end in 1..=words.len() {
            let mut here = Vec::new();
            for (start, before) in texts.iter().enumerate() {
                let span = words[start..end].join(" ");
                let itself = (start + 1 == end).then_some(&span);
                let others = self.typed.get(&span).into_iter().flatten();
                for part in itself.into_iter().chain(others) {
                    here.extend(before.iter().map(|before| format!("{before} {part}")));
                }
            }
            here.sort_unstable();
            here.dedup();
            here.truncate(TEXTS_MAX);
            texts.push(here);
        }
        let whole = texts.pop().unwrap_or_default();
        let mut whole: Vec<String> = whole.iter().map(|text| text.trim().to_owned()).collect();
        if !whole.contains(&text) {
            whole.push(text);
        }
        whole
    }
}
