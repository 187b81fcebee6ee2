//! Values of the catalogue's own fields that words of a query name: `black nike running shoes men`.

use std::ops::Range;
use std::sync::Arc;

use super::{Attribute, Query, is_filter};
use crate::domain::page::Understood;
use crate::domain::search::{Aspect, SearchRequest};
use crate::text::analyse::{Analyser, Token};
use crate::text::tokenise::WordKind;
use crate::text::values::{NamedValues, ValueKind, Values};
use crate::text::vocabulary::Vocabulary;

/// Names of values are looked for over so many words.
const WORDS_MAX: usize = 4;

/// What recognising needs.
pub(super) struct Recogniser<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) values: &'a dyn Values,
    pub(super) vocabulary: &'a dyn Vocabulary,
    pub(super) analyser: &'a Analyser,
}

/// Words that name a value.
struct Named<'a> {
    tokens: Range<usize>,
    values: &'a NamedValues,
}

impl Recogniser<'_> {
    /// Tells the query what its words name, the longest names first from left to right. `is_taken`
    /// says which tokens mean something else already.
    pub(super) fn tell(
        &self,
        query: &mut Query,
        request: &SearchRequest,
        is_taken: &dyn Fn(usize) -> bool,
    ) {
        let mut place = 0;
        while place < self.tokens.len() {
            let named =
                self.longest(place, request).filter(|named| !named.tokens.clone().any(is_taken));
            let Some(Named { tokens, values }) = named else {
                place += 1;
                continue;
            };
            place = tokens.end;
            let words = self.tokens[tokens].iter().map(|token| token.word.text.as_str());
            query.understood.push(Understood {
                kind: name_of(values.kind),
                text: words.collect::<Vec<_>>().join(" "),
                value: values.value.to_string(),
                field: (values.kind == ValueKind::Attribute).then(|| values.field.to_string()),
            });
            query.attributes.push(Attribute {
                kind: values.kind,
                field: Arc::clone(&values.field),
                field_number: values.field_number,
                values: Arc::clone(&values.values),
                is_filter: is_filter(request.use_of(aspect_of(values.kind))),
            });
        }
    }

    fn longest(&self, place: usize, request: &SearchRequest) -> Option<Named<'_>> {
        let size = self.size_behind_word(place, request);
        let longest = WORDS_MAX.min(self.tokens.len() - place);
        size.or_else(|| (1..=longest).rev().find_map(|count| self.at(place, count, request)))
    }

    /// The likeliest of what a run of words names.
    fn at(&self, place: usize, count: usize, request: &SearchRequest) -> Option<Named<'_>> {
        let tokens = place..place + count;
        let named = self.values.named(&self.terms(tokens.clone())).iter();
        let values = named
            .filter(|values| request.uses(aspect_of(values.kind)))
            .filter(|values| self.is_telling(values, tokens.clone()))
            .max_by_key(|values| (values.products, std::cmp::Reverse(values.kind)))?;
        Some(Named { tokens, values })
    }

    /// `size 42`, `eu 42`: what is too short to be a size by itself is one beside such a word.
    fn size_behind_word(&self, place: usize, request: &SearchRequest) -> Option<Named<'_>> {
        let word = &self.tokens[place].word.text;
        let says_size = self.analyser.small_words().size.contains(word);
        if !says_size || place + 1 >= self.tokens.len() || !request.uses(Aspect::Size) {
            return None;
        }
        let mut named = self.values.named(&self.tokens[place + 1].term).iter();
        let values = named.find(|values| values.kind == ValueKind::Size)?;
        Some(Named { tokens: place..place + 2, values })
    }

    fn terms(&self, tokens: Range<usize>) -> String {
        let terms = self.tokens[tokens].iter().map(|token| token.term.as_str());
        terms.collect::<Vec<_>>().join(" ")
    }

    /// Whether the words mostly mean the value where products use them.
    fn is_telling(&self, values: &NamedValues, tokens: Range<usize>) -> bool {
        let [token] = &self.tokens[tokens] else {
            return true;
        };
        let is_letters = token.word.kind == WordKind::Letters;
        let letters = token.word.text.chars().count();
        let uses = self.vocabulary.count(&token.word.text);
        let share_min = match values.kind {
            ValueKind::Category => return true,
            ValueKind::Size => return is_letters && letters >= 2,
            ValueKind::Brand => 2,
            ValueKind::Color => 5,
            ValueKind::Attribute => 3,
        };
        is_letters && letters >= 2 && share_min * values.products >= uses
    }
}

fn aspect_of(kind: ValueKind) -> Aspect {
    match kind {
        ValueKind::Brand => Aspect::Brand,
        ValueKind::Category => Aspect::Category,
        ValueKind::Color => Aspect::Color,
        ValueKind::Size => Aspect::Size,
        ValueKind::Attribute => Aspect::Attribute,
    }
}

fn name_of(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Brand => "brand",
        ValueKind::Category => "category",
        ValueKind::Color => "color",
        ValueKind::Size => "size",
        ValueKind::Attribute => "attribute",
    }
}
