//! What products should be without: `laptop without fan`, `no show socks`, `headphones -wireless`.

use std::ops::Range;

use super::{Excluded, Query};
use crate::domain::page::Understood;
use crate::text::analyse::{Analyser, Token};
use crate::text::negation::{Absence, absences};
use crate::text::tokenise::WordKind;

/// The parts of a text that speak of absences.
pub(super) struct Exclusions {
    /// What is to be absent.
    list: Vec<Absence>,
}

/// Reads the absences that the text asks for.
pub(super) fn find(text: &str, tokens: &[Token], analyser: &Analyser) -> Exclusions {
    let mut list = crossed_out(text, tokens);
    // "-wireless" speaks of what is wireless, not of wires.
    let overlaps =
        |one: &Absence| list.iter().any(|other| one.tokens.contains(&other.tokens.start));
    let mut said = absences(text, tokens, analyser.small_words());
    said.retain(|one| !overlaps(one));
    list.append(&mut said);
    let removed: usize = list.iter().filter(|one| one.is_apart).map(|one| one.tokens.len()).sum();
    // A query of nothing but an absence names something: a film, a brand.
    if removed >= tokens.len() {
        list.clear();
    }
    Exclusions { list }
}

/// Words behind a hyphen that stands alone before them.
fn crossed_out(text: &str, tokens: &[Token]) -> Vec<Absence> {
    let is_crossed_out = |token: &Token| {
        let before = text[..token.word.start].strip_suffix('-');
        let alone = before.is_some_and(|before| before.is_empty() || before.ends_with(' '));
        alone && token.word.kind == WordKind::Letters
    };
    let crossed = tokens.iter().enumerate().filter(|(place, token)| {
        // "- word" with a hyphen of its own parts two phrases.
        *place > 0 && is_crossed_out(token)
    });
    crossed
        .map(|(place, token)| Absence {
            tokens: place..place + 1,
            words: vec![token.word.text.clone()],
            is_apart: true,
        })
        .collect()
}

impl Exclusions {
    /// The tokens that are no part of what is looked for.
    pub(super) fn apart(&self) -> impl Iterator<Item = Range<usize>> {
        self.list.iter().filter(|absence| absence.is_apart).map(|absence| absence.tokens.clone())
    }

    /// Whether a token is no part of what is looked for.
    pub(super) fn covers(&self, place: usize) -> bool {
        self.apart().any(|tokens| tokens.contains(&place))
    }

    /// Whether a token only says that others are to be absent.
    pub(super) fn says(&self, place: usize) -> bool {
        let apart = self.list.iter().filter(|absence| absence.is_apart);
        let mut said = apart.filter(|absence| absence.tokens.contains(&place));
        said.any(|absence| place + absence.words.len() < absence.tokens.end)
    }

    /// Tells the query, whose terms are known by now.
    pub(super) fn tell(self, query: &mut Query, analyser: &Analyser, is_filter: bool) {
        for absence in self.list {
            let terms: Vec<String> = absence.words.iter().map(|word| analyser.stem(word)).collect();
            let own = query.terms.iter().flat_map(|term| &term.alternatives[0].terms);
            let is_wanted_too = own.clone().any(|wanted| terms.contains(wanted));
            query.understood.push(Understood {
                kind: "excluded",
                text: absence.words.join(" "),
                value: terms.join(" "),
                field: None,
            });
            query.excluded.push(Excluded { terms, is_wanted_too, is_filter });
        }
    }
}
