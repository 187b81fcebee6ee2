//! What a query means: a step of its own before retrieving, because it runs the model.

use crate::domain::search::Mode;
use crate::error::Result;
use crate::index::View;
use crate::index::semantic::Meaning;
use crate::query::Query;

/// What a query means, as far as it is looked for; by default nothing is looked for by meaning.
#[derive(Default)]
pub struct Meanings {
    /// Of what is wanted.
    pub(super) wanted: Option<Meaning>,
    /// Of what is wanted together with what is to be absent.
    pub(super) whole: Option<Meaning>,
}

/// The texts whose meaning a search looks for: none where it goes by words alone, browses, or the
/// index has no model.
pub fn texts<'q>(query: &'q Query, view: &View, mode: Mode) -> Vec<&'q str> {
    let wants_meaning = mode != Mode::Lexical
        && view.settings.semantic.enabled
        && view.generation.embedder.is_some()
        && !query.is_empty();
    if !wants_meaning {
        return Vec::new();
    }
    let whole = (!query.whole_terms.is_empty()).then_some(query.text.as_str());
    std::iter::once(query.wanted_text.as_str()).chain(whole).collect()
}

/// Whether the model need not run for these texts.
pub fn are_remembered(texts: &[&str], view: &View) -> bool {
    let embedder = view.generation.embedder.as_ref();
    texts.iter().all(|text| embedder.is_some_and(|embedder| embedder.remembers(text)))
}

/// Embeds what [`texts`] gave.
///
/// # Errors
/// Unavailable or Internal when the model cannot be run.
pub fn embed(texts: &[&str], view: &View) -> Result<Meanings> {
    let Some(embedder) = view.generation.embedder.as_ref().filter(|_| !texts.is_empty()) else {
        return Ok(Meanings::default());
    };
    let semantic = &view.generation.semantic;
    let mut meanings = embedder.embed(texts)?.into_iter().map(|one| semantic.prepare(&one));
    Ok(Meanings { wanted: meanings.next(), whole: meanings.next() })
}
