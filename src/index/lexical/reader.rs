//! Reading: postings with lengths, term statistics and stored products of one commit.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentId;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{
    DocAddress, DocId, DocSet, InvertedIndexReader, Searcher, SegmentReader, TERMINATED,
    TantivyDocument, Term,
};

use super::schema::Fields;
use super::words::KnownWords;
use super::{TextField, disk_error};
use crate::domain::id::Ordinal;
use crate::error::Result;

/// One product that contains a term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posting {
    /// Which product.
    pub ordinal: Ordinal,
    /// How often the term occurs in the field.
    pub frequency: u32,
    /// Terms in the field, to the precision that the index keeps (one byte).
    pub length: u32,
}

/// An immutable snapshot of the lexical index.
pub struct Lexical {
    searcher: Searcher,
    fields: Fields,
    segments: Vec<Segment>,
    words: KnownWords,
    average_lengths: [f32; 6],
}

struct Segment {
    reader: SegmentReader,
    ordinals: Column<u64>,
    inverted: [Arc<InvertedIndexReader>; 6],
    norms: [FieldNormReader; 6],
}

impl Segment {
    fn open(reader: &SegmentReader, fields: Fields) -> Result<Self> {
        let ordinals = reader.fast_fields().u64("ordinal").map_err(disk_error)?;
        let mut inverted = Vec::with_capacity(6);
        let mut norms = Vec::with_capacity(6);
        for field in fields.text {
            inverted.push(reader.inverted_index(field).map_err(disk_error)?);
            norms.push(reader.get_fieldnorms_reader(field).map_err(disk_error)?);
        }
        let missing = || disk_error("a field is missing");
        Ok(Self {
            reader: reader.clone(),
            ordinals,
            inverted: inverted.try_into().map_err(|_| missing())?,
            norms: norms.try_into().map_err(|_| missing())?,
        })
    }

    /// The documents with a term that were not deleted.
    fn living(&self, term: &Term) -> Result<Vec<DocId>> {
        let inverted = self.reader.inverted_index(term.field()).map_err(disk_error)?;
        let postings =
            inverted.read_postings(term, IndexRecordOption::Basic).map_err(disk_error)?;
        let Some(mut postings) = postings else {
            return Ok(Vec::new());
        };
        let alive = self.reader.alive_bitset();
        let mut documents = Vec::with_capacity(postings.size_hint() as usize);
        while postings.doc() != TERMINATED {
            let document = postings.doc();
            if alive.is_none_or(|alive| alive.is_alive(document)) {
                documents.push(document);
            }
            postings.advance();
        }
        Ok(documents)
    }

    fn visit(&self, term: &Term, field: TextField, visit: &mut dyn FnMut(Posting)) -> Result<()> {
        let place = field as usize;
        let postings = self.inverted[place]
            .read_postings(term, IndexRecordOption::WithFreqs)
            .map_err(disk_error)?;
        let Some(mut postings) = postings else {
            return Ok(());
        };
        let alive = self.reader.alive_bitset();
        let mut document = postings.doc();
        while document != TERMINATED {
            if alive.is_none_or(|alive| alive.is_alive(document)) {
                visit(Posting {
                    ordinal: self.ordinals.first(document).unwrap_or_default() as Ordinal,
                    frequency: postings.term_freq(),
                    length: self.norms[place].fieldnorm(document),
                });
            }
            document = postings.advance();
        }
        Ok(())
    }
}

impl Lexical {
    /// A snapshot; `earlier` are the words of the one before.
    pub(super) fn new(searcher: Searcher, fields: Fields, earlier: &KnownWords) -> Result<Self> {
        let words = earlier.with(searcher.segment_readers(), fields.words)?;
        let segments = searcher
            .segment_readers()
            .iter()
            .map(|reader| Segment::open(reader, fields))
            .collect::<Result<Vec<_>>>()?;
        let documents: u64 =
            segments.iter().map(|segment| u64::from(segment.reader.max_doc())).sum();
        let average_lengths = TextField::ALL.map(|field| {
            let tokens: u64 = segments
                .iter()
                .map(|segment| segment.inverted[field as usize].total_num_tokens())
                .sum();
            (tokens as f32 / documents.max(1) as f32).max(1.0)
        });
        Ok(Self { searcher, fields, segments, words, average_lengths })
    }

    /// Whether it is of just these segments, in any order.
    pub(super) fn has_segments(&self, segments: &[SegmentId]) -> bool {
        self.segments.len() == segments.len()
            && self.segments.iter().all(|one| segments.contains(&one.reader.segment_id()))
    }

    pub(super) fn known_words(&self) -> &KnownWords {
        &self.words
    }

    /// Products in the index.
    pub fn products(&self) -> u32 {
        self.searcher.num_docs().min(u64::from(u32::MAX)) as u32
    }

    /// Mean number of terms of a field, at least 1.
    pub fn average_length(&self, field: TextField) -> f32 {
        self.average_lengths[field as usize]
    }

    /// Visits every product whose `field` contains `term`, in no particular order.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn postings(
        &self,
        field: TextField,
        term: &str,
        visit: &mut dyn FnMut(Posting),
    ) -> Result<()> {
        let term = Term::from_field_text(self.fields.of(field), term);
        self.segments.iter().try_for_each(|segment| segment.visit(&term, field, visit))
    }

    /// The stored JSON of products, in the order asked for; `None` for one that is not there.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn sources(&self, ordinals: &[Ordinal]) -> Result<Vec<Option<Vec<u8>>>> {
        ordinals.iter().map(|ordinal| self.source(*ordinal)).collect()
    }

    fn source(&self, ordinal: Ordinal) -> Result<Option<Vec<u8>>> {
        let Some(address) = self.address(ordinal)? else {
            return Ok(None);
        };
        let document: TantivyDocument = self.searcher.doc(address).map_err(disk_error)?;
        let source = document.get_first(self.fields.source);
        Ok(source.and_then(|value| value.as_bytes()).map(<[u8]>::to_vec))
    }

    fn address(&self, ordinal: Ordinal) -> Result<Option<DocAddress>> {
        let term = Term::from_field_u64(self.fields.ordinal, u64::from(ordinal));
        for (segment_ord, segment) in (0_u32..).zip(&self.segments) {
            if let Some(document) = segment.living(&term)?.first() {
                return Ok(Some(DocAddress::new(segment_ord, *document)));
            }
        }
        Ok(None)
    }

    pub(super) fn word_dictionaries(&self) -> Result<Vec<Arc<InvertedIndexReader>>> {
        self.dictionaries(self.fields.words)
    }

    /// The products of one of the word dictionaries that contain `word`.
    pub(super) fn word_postings(
        &self,
        dictionary: &InvertedIndexReader,
        word: &str,
    ) -> Result<Option<SegmentPostings>> {
        let term = Term::from_field_text(self.fields.words, word);
        dictionary.read_postings(&term, IndexRecordOption::Basic).map_err(disk_error)
    }

    pub(super) fn word_count(&self, kind: WordKind, text: &str) -> u32 {
        let field = match kind {
            WordKind::Word => self.fields.words,
            WordKind::Brand => self.fields.brand_words,
            WordKind::Pair => self.fields.pairs,
        };
        let term = Term::from_field_text(field, text);
        self.segments
            .iter()
            .filter_map(|segment| segment.reader.inverted_index(field).ok()?.doc_freq(&term).ok())
            .sum()
    }

    fn dictionaries(&self, field: tantivy::schema::Field) -> Result<Vec<Arc<InvertedIndexReader>>> {
        self.segments
            .iter()
            .map(|segment| segment.reader.inverted_index(field).map_err(disk_error))
            .collect()
    }

    /// Visits every product that says it is without what `term` names.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn absent(&self, term: &str, visit: &mut dyn FnMut(Ordinal)) -> Result<()> {
        let term = Term::from_field_text(self.fields.absent, term);
        for segment in &self.segments {
            let documents = segment.living(&term)?.into_iter();
            let ordinals = documents.filter_map(|document| segment.ordinals.first(document));
            ordinals.for_each(|ordinal| visit(ordinal as Ordinal));
        }
        Ok(())
    }

    /// Counts of all words that start with `prefix`, at most `limit` of them.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn words_with_prefix(&self, prefix: &str, limit: usize) -> Result<HashMap<String, u32>> {
        self.keys_from(KeyField::Words, prefix, &mut |key| key.starts_with(prefix), limit)
    }

    /// Counts of the keys of a field from `first` on while `goes_on`, at most `limit` of them.
    pub(super) fn keys_from(
        &self,
        field: KeyField,
        first: &str,
        goes_on: &mut dyn FnMut(&str) -> bool,
        limit: usize,
    ) -> Result<HashMap<String, u32>> {
        let mut counts = HashMap::new();
        let field = match field {
            KeyField::Words => self.fields.words,
            KeyField::Endings => self.fields.endings,
            KeyField::Quantities => self.fields.quantities,
            KeyField::Identifiers => self.fields.of(TextField::Identifier),
        };
        for dictionary in self.dictionaries(field)? {
            let terms = dictionary.terms().range().ge(first.as_bytes());
            let mut stream = terms.into_stream().map_err(disk_error)?;
            while stream.advance() {
                let Ok(key) = std::str::from_utf8(stream.key()) else { continue };
                if counts.len() >= limit || !goes_on(key) {
                    break;
                }
                *counts.entry(key.to_owned()).or_insert(0) += stream.value().doc_freq;
            }
        }
        Ok(counts)
    }
}

/// The fields whose keys are read in order.
#[derive(Clone, Copy)]
pub(super) enum KeyField {
    Words,
    Endings,
    Quantities,
    Identifiers,
}

/// What a counted word is.
#[derive(Clone, Copy)]
pub(super) enum WordKind {
    Word,
    Brand,
    Pair,
}
