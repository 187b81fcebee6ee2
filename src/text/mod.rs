//! Words: normalised, tokenised and stemmed the same way for the index and for queries.

pub mod analyse;
pub mod edits;
pub mod inflect;
pub mod language;
pub mod negation;
pub mod normalise;
pub mod tokenise;
pub mod units;
pub mod values;
pub mod vocabulary;
