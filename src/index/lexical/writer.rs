//! Writing: products in, commits that carry the store's sequence number.

use std::path::Path;
use std::sync::Arc;

use tantivy::directory::MmapDirectory;
use tantivy::schema::Field;
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::super::columns::row::term_hash;
use super::schema::{Fields, schema};
use super::{Lexical, LexicalDocument, disk_error};
use crate::domain::id::{Ordinal, Sequence};
use crate::error::Result;
use crate::failpoint::{self, Point};

/// Memory in which new postings are gathered before they go to disk.
const WRITER_HEAP_BYTES: usize = 32 << 20;

/// The one writer of a lexical index.
pub struct LexicalWriter {
    writer: IndexWriter,
    reader: IndexReader,
    fields: Fields,
    /// The last snapshot, so that the next one reads only what is new.
    latest: Option<Arc<Lexical>>,
    /// Whether there was a commit since.
    has_committed: bool,
}

impl LexicalWriter {
    /// Opens the index in `folder`, or makes it; in memory without a folder.
    ///
    /// # Errors
    /// Internal when the files cannot be read; the caller then deletes the folder and rebuilds.
    pub fn open(folder: Option<&Path>) -> Result<Self> {
        let (schema, fields) = schema();
        let index = match folder {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(disk_error)?;
                let directory = MmapDirectory::open(folder).map_err(disk_error)?;
                Index::open_or_create(directory, schema).map_err(disk_error)?
            }
            None => Index::create_in_ram(schema),
        };
        let writer = index.writer_with_num_threads(1, WRITER_HEAP_BYTES).map_err(disk_error)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(64)
            .try_into()
            .map_err(disk_error)?;
        let damaged = index.validate_checksum().map_err(disk_error)?;
        if !damaged.is_empty() {
            return Err(disk_error(format!("{damaged:?} differ from their checksums")));
        }
        Ok(Self { writer, reader, fields, latest: None, has_committed: false })
    }

    /// The sequence number up to which the index had folded the store at its last commit; 0 for a
    /// new index.
    ///
    /// # Errors
    /// Internal when the index's metadata cannot be read.
    pub fn committed(&self) -> Result<Sequence> {
        let meta = self.writer.index().load_metas().map_err(disk_error)?;
        Ok(meta.payload.and_then(|payload| sequence_of(&payload)).unwrap_or(0))
    }

    /// Products in the last snapshot.
    pub fn products(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Inserts or replaces a product.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn put(&self, ordinal: Ordinal, document: LexicalDocument) -> Result<()> {
        self.delete(ordinal);
        let mut stored = TantivyDocument::default();
        stored.add_u64(self.fields.ordinal, u64::from(ordinal));
        stored.add_bytes(self.fields.source, &document.source);
        for (field, terms) in self.fields.text.into_iter().zip(document.terms) {
            add_terms(&mut stored, field, terms);
        }
        add_terms(&mut stored, self.fields.words, document.words);
        add_terms(&mut stored, self.fields.brand_words, document.brand_words);
        add_terms(&mut stored, self.fields.pairs, document.pairs);
        add_terms(&mut stored, self.fields.endings, document.endings);
        add_terms(&mut stored, self.fields.quantities, document.quantities);
        add_terms(&mut stored, self.fields.absent, document.absent);
        self.writer.add_document(stored).map_err(disk_error)?;
        Ok(())
    }

    /// Removes a product.
    pub fn delete(&self, ordinal: Ordinal) {
        self.writer.delete_term(Term::from_field_u64(self.fields.ordinal, u64::from(ordinal)));
    }

    /// Makes everything written so far durable and visible, as the state at `sequence`.
    ///
    /// # Errors
    /// Internal when the disk fails; the earlier commit then still stands.
    pub fn commit(&mut self, sequence: Sequence) -> Result<()> {
        failpoint::hit(Point::IndexCommit).map_err(disk_error)?;
        let mut prepared = self.writer.prepare_commit().map_err(disk_error)?;
        self.has_committed = true;
        prepared.set_payload(&payload_of(sequence));
        prepared.commit().map_err(disk_error)?;
        failpoint::hit(Point::IndexCommitted).map_err(disk_error)
    }

    /// A snapshot of the last commit.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn snapshot(&mut self) -> Result<Arc<Lexical>> {
        if let Some(latest) = self.latest.as_ref().filter(|latest| self.is_as(latest)) {
            return Ok(Arc::clone(latest));
        }
        self.reader.reload().map_err(disk_error)?;
        let earlier = self.latest.as_ref().map(|latest| latest.known_words().clone());
        let searcher = self.reader.searcher();
        let lexical = Arc::new(Lexical::new(searcher, self.fields, &earlier.unwrap_or_default())?);
        self.has_committed = false;
        self.latest = Some(Arc::clone(&lexical));
        Ok(lexical)
    }

    /// Whether nothing was committed or merged since the snapshot.
    fn is_as(&self, latest: &Lexical) -> bool {
        let segments = || self.writer.index().searchable_segment_ids();
        !self.has_committed && segments().is_ok_and(|segments| latest.has_segments(&segments))
    }
}

/// The sequence number and its checksum: the library has none over what a commit says.
fn payload_of(sequence: Sequence) -> String {
    format!("{sequence} {}", term_hash(&sequence.to_string()))
}

/// `None` for a damaged payload: then everything is folded in once more.
fn sequence_of(payload: &str) -> Option<Sequence> {
    match payload.split_once(' ') {
        Some((sequence, checksum)) => {
            let whole = checksum.parse() == Ok(term_hash(sequence));
            sequence.parse().ok().filter(|_| whole)
        }
        // As earlier versions wrote it.
        None => payload.parse().ok(),
    }
}

fn add_terms(document: &mut TantivyDocument, field: Field, terms: Vec<String>) {
    if terms.is_empty() {
        return;
    }
    let tokens = terms
        .into_iter()
        .enumerate()
        .map(|(position, text)| Token { position, text, ..Token::default() })
        .collect();
    document.add_pre_tokenized_text(field, PreTokenizedString { text: String::new(), tokens });
}
