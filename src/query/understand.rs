//! From a text to a query.

use super::attribute::Recogniser;
use super::correct::{as_one_word, as_two_words, correct};
use super::lexicon::{Lexicon, SYNONYM_WORDS_MAX};
use super::{Alternative, PriceWish, Query, QueryTerm, compound, exclude, identifier, is_filter};
use super::{price, quantity};
use crate::domain::page::Understood;
use crate::domain::search::{Aspect, SearchRequest};
use crate::text::analyse::Token;
use crate::text::normalise::fold;
use crate::text::tokenise::WordKind;
use crate::text::values::Values;
use crate::text::vocabulary::Vocabulary;

/// More words than this are not looked for; nobody means them all.
const WORDS_MAX: usize = 32;

/// What is known of an index and its language.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Words and how often they occur.
    pub vocabulary: &'a dyn Vocabulary,
    /// What values of fields are called.
    pub values: &'a dyn Values,
    /// What the settings say about words.
    pub lexicon: &'a Lexicon,
}

/// Understands the text of a request.
pub fn understand(request: &SearchRequest, known: Known<'_>) -> Query {
    let text = request.q.as_str();
    let analyser = known.lexicon.analyser();
    let mut tokens = analyser.tokens(text);
    tokens.truncate(WORDS_MAX);
    let mut query = Query::default();
    if request.uses(Aspect::Identifier) {
        identifier::find(text, &tokens, known.vocabulary, &mut query);
    }
    if request.uses(Aspect::Price) {
        take_price(&mut tokens, &mut query, (request, known.lexicon));
    }
    let mut surfaces = surfaces(text, &tokens);
    if request.typo {
        let corrected = correct(tokens, surfaces, known.vocabulary, known.lexicon);
        query.corrected = corrected.changed.then(|| corrected.surfaces.join(" "));
        (tokens, surfaces) = (corrected.tokens, corrected.surfaces);
    }
    query.text = surfaces.join(" ");
    query.names_brands = request.uses(Aspect::Brand);
    query.names_categories = request.uses(Aspect::Category);
    Reading { request, known, tokens, surfaces }.tell(&mut query);
    query
}

fn surfaces(text: &str, tokens: &[Token]) -> Vec<String> {
    tokens.iter().map(|token| fold(&text[token.word.start..token.word.end])).collect()
}

fn take_price(
    tokens: &mut Vec<Token>,
    query: &mut Query,
    (request, lexicon): (&SearchRequest, &Lexicon),
) {
    let Some(found) = price::find(tokens, lexicon.analyser().small_words()) else {
        return;
    };
    let said = tokens.drain(found.first..found.first + found.count);
    let said: Vec<String> = said.map(|token| token.word.text).collect();
    let price::Found { at_least, at_most, .. } = found;
    query.understood.push(Understood {
        kind: "price",
        text: said.join(" "),
        value: format!("{at_least}..{at_most}"),
        field: None,
    });
    let is_filter = is_filter(request.use_of(Aspect::Price));
    query.price = Some(PriceWish { at_least, at_most, is_filter });
}

/// A text being read: its words after correction.
struct Reading<'a> {
    request: &'a SearchRequest,
    known: Known<'a>,
    tokens: Vec<Token>,
    surfaces: Vec<String>,
}

impl Reading<'_> {
    /// Tells the query what to look for and what not.
    fn tell(&self, query: &mut Query) {
        let Known { vocabulary, values, lexicon } = self.known;
        let analyser = lexicon.analyser();
        let wants_exclusions = self.request.uses(Aspect::Exclusion);
        let exclusions =
            wants_exclusions.then(|| exclude::find(&self.request.q, &self.tokens, analyser));
        let is_excluded = |place: usize| exclusions.as_ref().is_some_and(|one| one.covers(place));
        query.terms = self.terms(&is_excluded);
        query.wanted_text = self.text_without(&is_excluded);
        if query.wanted_text != query.text {
            let is_said = |place: usize| exclusions.as_ref().is_some_and(|one| one.says(place));
            query.whole_terms = self.terms(&is_said);
        }
        let tokens = self.tokens.as_slice();
        Recogniser { tokens, values, vocabulary, analyser }.tell(query, self.request, &is_excluded);
        if let Some(exclusions) = exclusions {
            exclusions.tell(query, analyser, is_filter(self.request.use_of(Aspect::Exclusion)));
        }
        let words = query.terms.iter().map(|term| Understood {
            kind: "word",
            text: term.word.clone(),
            value: term.alternatives[0].terms.join(" "),
            field: None,
        });
        query.understood.extend(words.collect::<Vec<_>>());
    }

    fn text_without(&self, is_excluded: &dyn Fn(usize) -> bool) -> String {
        let surfaces = self.surfaces.iter().enumerate();
        let wanted = surfaces.filter(|(place, _)| !is_excluded(*place));
        wanted.map(|(_, surface)| surface.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// One term per word or recognised group of words; stop words only when there is nothing else.
    fn terms(&self, is_excluded: &dyn Fn(usize) -> bool) -> Vec<QueryTerm> {
        let mut terms = Vec::with_capacity(self.tokens.len());
        let mut place = 0;
        while place < self.tokens.len() {
            if is_excluded(place) {
                place += 1;
                continue;
            }
            let group = self.group(place).filter(|(_, used)| !is_excluded(place + used - 1));
            let (term, used) = group.unwrap_or_else(|| (self.single(place), 1));
            terms.push((term, used == 1 && self.is_stop(place)));
            place += used;
        }
        let only_stop_words = terms.iter().all(|(_, stop)| *stop);
        terms
            .into_iter()
            .filter(|(_, stop)| only_stop_words || !stop)
            .map(|(term, _)| term)
            .collect()
    }

    fn is_stop(&self, place: usize) -> bool {
        self.known.lexicon.is_stop_word(&self.tokens[place].word.text)
    }

    /// Several words that have a synonym or are also written as one.
    fn group(&self, place: usize) -> Option<(QueryTerm, usize)> {
        let lexicon = self.known.lexicon;
        let longest = SYNONYM_WORDS_MAX.min(self.tokens.len() - place);
        for used in (2..=longest).rev() {
            let tokens = &self.tokens[place..place + used];
            let terms: Vec<String> = tokens.iter().map(|token| token.term.clone()).collect();
            let synonyms = self.synonyms(&terms);
            if !synonyms.is_empty() {
                let mut alternatives = vec![Alternative { terms, weight: 1.0 }];
                alternatives.extend_from_slice(synonyms);
                return Some((QueryTerm { word: self.words(place, used), alternatives }, used));
            }
        }
        let (first, second) = (self.tokens.get(place)?, self.tokens.get(place + 1)?);
        let joined = as_one_word(&first.word, &second.word, self.known.vocabulary)?;
        let pair = [first.term.clone(), second.term.clone()];
        let joined = vec![lexicon.analyser().stem(&joined)];
        let synonyms = self.synonyms(&joined);
        let mut alternatives = vec![
            Alternative { terms: joined.clone(), weight: 1.0 },
            Alternative { terms: pair.to_vec(), weight: 1.0 },
        ];
        alternatives.extend_from_slice(synonyms);
        Some((QueryTerm { word: self.words(place, 2), alternatives }, 2))
    }

    fn synonyms(&self, terms: &[String]) -> &[Alternative] {
        if self.request.uses(Aspect::Synonym) { self.known.lexicon.synonyms(terms) } else { &[] }
    }

    fn words(&self, place: usize, used: usize) -> String {
        let words = self.tokens[place..place + used].iter().map(|token| token.word.text.as_str());
        words.collect::<Vec<_>>().join(" ")
    }

    fn single(&self, place: usize) -> QueryTerm {
        let token = &self.tokens[place];
        let Known { vocabulary, lexicon, .. } = self.known;
        let own = vec![token.term.clone()];
        let mut alternatives = vec![Alternative { terms: own.clone(), weight: 1.0 }];
        alternatives.extend_from_slice(self.synonyms(&own));
        match token.word.kind {
            WordKind::Quantity(value, unit) if self.request.uses(Aspect::Quantity) => {
                alternatives.extend(quantity::alternatives(value, unit, vocabulary));
            }
            WordKind::Letters if self.request.uses(Aspect::Synonym) => {
                let word = &token.word.text;
                alternatives.extend(compound::alternatives(word, lexicon.analyser(), vocabulary));
            }
            WordKind::Letters | WordKind::Mixed | WordKind::Number(_) | WordKind::Quantity(..) => {}
        }
        if let Some((first, second)) = as_two_words(&token.word.text, vocabulary) {
            let terms = vec![lexicon.analyser().stem(&first), lexicon.analyser().stem(&second)];
            alternatives.push(Alternative { terms, weight: 1.0 });
        }
        QueryTerm { word: token.word.text.clone(), alternatives }
    }
}
