//! Words: normalised, tokenised and stemmed the same way for the index and for queries.

pub mod analyse;
pub mod edits;
pub mod inflect;
pub mod normalise;
pub mod tokenise;
pub mod units;
pub mod vocabulary;
