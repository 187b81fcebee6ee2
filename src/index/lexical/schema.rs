//! The fields on disk.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions,
};

use super::TextField;

/// Handles of the fields on disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) ordinal: Field,
    pub(super) source: Field,
    pub(super) text: [Field; 6],
    pub(super) words: Field,
    pub(super) brand_words: Field,
    pub(super) pairs: Field,
    pub(super) endings: Field,
    pub(super) quantities: Field,
    pub(super) absent: Field,
}

impl Fields {
    pub(super) fn of(self, field: TextField) -> Field {
        self.text[field as usize]
    }
}

const FIELD_NAMES: [&str; 6] =
    ["title", "brand", "category", "identifier", "attributes", "description"];

fn text_options(record: IndexRecordOption, norms: bool) -> TextOptions {
    let indexing = TextFieldIndexing::default().set_index_option(record).set_fieldnorms(norms);
    TextOptions::default().set_indexing_options(indexing)
}

/// The schema and its handles. Texts come already analysed, so no tokenizer is named.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let scored = text_options(IndexRecordOption::WithFreqs, true);
    let counted = text_options(IndexRecordOption::Basic, false);
    let fields = Fields {
        ordinal: builder.add_u64_field("ordinal", FAST | INDEXED),
        source: builder.add_bytes_field("source", STORED),
        text: FIELD_NAMES.map(|name| builder.add_text_field(name, scored.clone())),
        words: builder.add_text_field("words", counted.clone()),
        brand_words: builder.add_text_field("brand_words", counted.clone()),
        pairs: builder.add_text_field("pairs", counted.clone()),
        endings: builder.add_text_field("endings", counted.clone()),
        quantities: builder.add_text_field("quantities", counted.clone()),
        absent: builder.add_text_field("absent", counted),
    };
    (builder.build(), fields)
}
