//! Folding the store's changes into the next generation.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rayon::prelude::*;

use super::Generation;
use super::columns::Columns;
use super::columns::row::Row;
use super::columns::statistics::Statistics;
use super::document::{Document, Labels, content_hash, embedded_text, product_json};
use super::embeddings::{EMBEDDINGS_FILE, EmbeddingCache, EmbeddingKey, embedding_key};
use super::lexical::LexicalWriter;
use super::manifest::Manifest;
use super::semantic::Semantic;
use super::values::ValueIndex;
use super::vector::Graph;
use crate::domain::change::Change;
use crate::domain::id::{Ordinal, Sequence};
use crate::domain::product::Product;
use crate::embed::Embedder;
use crate::error::Result;
use crate::text::analyse::Analyser;

/// Statistics and values are read anew when one in so many products came, went or has other texts.
const TEXT_WEIGHT: usize = 50;

/// Statistics also when one in so many has other numbers, which change more often and further apart.
const NUMBERS_WEIGHT: usize = 10;

/// How an index is built.
#[derive(Clone)]
pub struct Recipe {
    /// Words to terms.
    pub analyser: Arc<Analyser>,
    /// Texts to vectors; without one there is no meaning.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Attributes whose values must not become words: no search and no correction may tell them.
    pub private: Arc<BTreeSet<String>>,
    /// Where the files are; in memory without one.
    pub folder: Option<PathBuf>,
}

impl Recipe {
    /// Whether both lead to the same terms and vectors.
    pub fn makes_the_same_as(&self, other: &Self) -> bool {
        same_embedder(self.embedder.as_ref(), other.embedder.as_ref())
            && self.analyser.language() == other.analyser.language()
            && self.private == other.private
    }

    /// The product as words may tell of it.
    fn public<'p>(&self, product: &'p Product) -> Cow<'p, Product> {
        let is_private = |name: &String| self.private.contains(name);
        if !product.attributes.keys().chain(product.extra.keys()).any(is_private) {
            return Cow::Borrowed(product);
        }
        let mut public = product.clone();
        public.attributes.retain(|name, _| !is_private(name));
        public.extra.retain(|name, _| !is_private(name));
        Cow::Owned(public)
    }
}

impl Generation {
    /// Whether the recipe would lead to the same terms and vectors.
    pub fn was_made_by(&self, recipe: &Recipe) -> bool {
        same_embedder(self.embedder.as_ref(), recipe.embedder.as_ref())
            && self.analyser.language() == recipe.analyser.language()
            && self.private == recipe.private
    }
}

fn same_embedder(one: Option<&Arc<dyn Embedder>>, other: Option<&Arc<dyn Embedder>>) -> bool {
    one.map(|embedder| embedder.id()) == other.map(|embedder| embedder.id())
}

/// The one writer of an index.
pub struct Builder {
    recipe: Recipe,
    lexical: LexicalWriter,
    lexical_committed: Sequence,
    lexical_changed: bool,
    /// Whether the words that were on disk at the opening are those of the store's products.
    lexical_checked: bool,
    columns: Columns,
    statistics: Arc<Statistics>,
    values: Arc<ValueIndex>,
    /// Changes since the statistics, in parts of a share that is worth reading them anew.
    since_statistics: usize,
    /// Changes of texts since the values were read, which depend on nothing else.
    texts_since_values: usize,
    changed: Changed,
    semantic: Semantic,
    embedded_since_background: usize,
    cache: Arc<EmbeddingCache>,
    waiting: BTreeMap<Ordinal, (EmbeddingKey, String)>,
    links: Option<JoinHandle<Graph>>,
    sequence: Sequence,
}

/// How much changed since the last publication, as what is made from a whole index needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Changed {
    /// Nothing, or numbers that only searches read.
    #[default]
    Little,
    /// How well products sell, or whether they are in stock.
    Sales,
    /// Products came or went, or are described otherwise.
    Texts,
}

/// A change with its analysis.
enum Prepared {
    Removed,
    Numbers,
    Text { document: Option<Box<Document>>, labels: Labels, hash: u64 },
}

impl Builder {
    /// Opens the index in the recipe's folder, or makes it. The caller then applies the store's
    /// changes from the beginning: columns and vectors live in memory.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn open(recipe: Recipe) -> Result<Self> {
        let folder = recipe.folder.as_deref();
        if let Some(folder) = folder {
            Manifest::new(recipe.analyser.language()).claim(folder)?;
        }
        let lexical = open_lexical(folder)?;
        let file = folder.map(|folder| folder.join(EMBEDDINGS_FILE));
        let dimensions = recipe.embedder.as_ref().map_or(1, |embedder| embedder.dimensions());
        let lexical_committed = lexical.committed()?;
        Ok(Self {
            lexical_committed,
            lexical,
            lexical_changed: false,
            lexical_checked: lexical_committed == 0,
            columns: Columns::default(),
            statistics: Arc::default(),
            values: Arc::default(),
            since_statistics: 0,
            texts_since_values: 0,
            changed: Changed::default(),
            semantic: Semantic::new(dimensions)?,
            embedded_since_background: 0,
            cache: Arc::new(EmbeddingCache::open(file.as_deref())?),
            waiting: BTreeMap::new(),
            links: None,
            sequence: 0,
            recipe,
        })
    }

    /// This builder if its files know nothing after `latest`, the store's last write; else one whose
    /// words are made anew, because the store is an older one than they were made from.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn not_after(self, latest: Sequence) -> Result<Self> {
        if self.lexical_committed <= latest {
            return Ok(self);
        }
        tracing::warn!("the store is older than the lexical index, which is rebuilt");
        let recipe = self.recipe.clone();
        drop(self);
        remove_words(&recipe)?;
        Self::open(recipe)
    }

    /// Once all of the store's changes were applied and published: whether the words are of as many
    /// products as there are. If not they are thrown away, and the index must be opened again.
    ///
    /// # Errors
    /// Internal when they are not, or the disk fails.
    pub fn check_words(&mut self) -> Result<()> {
        if self.lexical_checked || self.lexical_changed {
            return Ok(());
        }
        self.lexical_checked = true;
        if self.lexical.products() == self.columns.len() as u64 {
            return Ok(());
        }
        remove_words(&self.recipe)?;
        Err(super::lexical::disk_error("it is not of the store's products"))
    }

    /// The store's sequence number up to which changes were applied.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// How the index is built.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// What is kept of embeddings. Whoever holds it keeps the index from being opened again.
    pub fn embeddings(&self) -> &Arc<EmbeddingCache> {
        &self.cache
    }

    /// Products whose meaning is not known yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Folds changes in, in order.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn apply(&mut self, changes: &[Change]) -> Result<()> {
        let prepared: Vec<Prepared> =
            changes.par_iter().map(|change| self.prepare(change)).collect::<Result<_>>()?;
        let mut embed = Vec::new();
        for (change, prepared) in changes.iter().zip(prepared) {
            let has_text = matches!(prepared, Prepared::Text { .. });
            self.fold(change, prepared)?;
            if has_text {
                embed.extend(change.product.as_deref().map(|product| (change.ordinal, product)));
            }
            self.sequence = self.sequence.max(change.sequence);
        }
        self.recall_embeddings(&embed)
    }

    fn prepare(&self, change: &Change) -> Result<Prepared> {
        let Some(product) = change.product.as_deref() else {
            return Ok(Prepared::Removed);
        };
        let hash = content_hash(product);
        let row = self.columns.row(change.ordinal);
        if row.is_some_and(|row| row.content_hash == hash) {
            return Ok(Prepared::Numbers);
        }
        let analyser = &self.recipe.analyser;
        if change.sequence <= self.lexical_committed {
            let labels = Labels::of(product, analyser);
            return Ok(Prepared::Text { document: None, labels, hash });
        }
        let mut document = Box::new(Document::of(&self.recipe.public(product), analyser));
        document.lexical.source = product_json(product)?;
        let labels = std::mem::take(&mut document.labels);
        Ok(Prepared::Text { document: Some(document), labels, hash })
    }

    fn fold(&mut self, change: &Change, prepared: Prepared) -> Result<()> {
        match (prepared, change.product.as_deref()) {
            (Prepared::Text { document, labels, hash }, Some(product)) => {
                self.columns.put(change, product, |row: &mut Row| {
                    row.content_hash = hash;
                    row.title_terms = labels.title_terms.into();
                    row.title_words = labels.title_words.into();
                    row.label_terms = labels.label_terms.into();
                });
                if let Some(document) = document {
                    self.lexical.put(change.ordinal, document.lexical)?;
                    self.lexical_changed = true;
                }
            }
            (Prepared::Numbers, Some(product)) => {
                if self.columns.put_numbers(change, product) {
                    self.changed = self.changed.max(Changed::Sales);
                }
                self.since_statistics += NUMBERS_WEIGHT;
                return Ok(());
            }
            (_, _) => self.remove(change),
        }
        self.since_statistics += TEXT_WEIGHT;
        self.texts_since_values += 1;
        self.changed = Changed::Texts;
        Ok(())
    }

    fn remove(&mut self, change: &Change) {
        self.columns.remove(change.ordinal);
        self.semantic.vectors_mut().remove(change.ordinal);
        self.waiting.remove(&change.ordinal);
        if change.sequence > self.lexical_committed {
            self.lexical.delete(change.ordinal);
            self.lexical_changed = true;
        }
    }

    /// Takes vectors that are known from the cache and lets the others wait.
    fn recall_embeddings(&mut self, products: &[(Ordinal, &Product)]) -> Result<()> {
        let Some(embedder) = &self.recipe.embedder else {
            return Ok(());
        };
        let texts: Vec<(Ordinal, EmbeddingKey, String)> = products
            .par_iter()
            .map(|(ordinal, product)| {
                let text = embedded_text(product);
                (*ordinal, embedding_key(embedder.id(), &text), text)
            })
            .collect();
        let keys: Vec<EmbeddingKey> = texts.iter().map(|(_, key, _)| *key).collect();
        let rows = self.cache.get(&keys)?;
        for ((ordinal, key, text), row) in texts.into_iter().zip(rows) {
            match row {
                Some(row) => {
                    self.semantic.vectors_mut().upsert_row(ordinal, &row)?;
                    self.embedded_since_background += 1;
                    self.waiting.remove(&ordinal);
                }
                None => {
                    self.waiting.insert(ordinal, (key, text));
                }
            }
        }
        Ok(())
    }

    /// Embeds at most `count` of the waiting products and answers how many still wait.
    ///
    /// # Errors
    /// Internal when the model or the disk fails; the products then still wait.
    pub fn embed(&mut self, count: usize) -> Result<usize> {
        let Some(embedder) = self.recipe.embedder.clone() else {
            return Ok(0);
        };
        let batch: Vec<(Ordinal, EmbeddingKey, String)> = self
            .waiting
            .iter()
            .take(count)
            .map(|(ordinal, (key, text))| (*ordinal, *key, text.clone()))
            .collect();
        if batch.is_empty() {
            return Ok(0);
        }
        let texts: Vec<&str> = batch.iter().map(|(.., text)| text.as_str()).collect();
        let embedded = embedder.embed(&texts)?;
        let mut rows = Vec::with_capacity(batch.len());
        for ((ordinal, key, _), embedding) in batch.iter().zip(embedded) {
            let vectors = self.semantic.vectors_mut();
            vectors.upsert(*ordinal, embedding.as_slice())?;
            rows.extend(vectors.flat().row(*ordinal).map(|row| (*key, row.to_vec())));
            self.waiting.remove(ordinal);
        }
        self.embedded_since_background += rows.len();
        self.cache.put(&rows)?;
        Ok(self.waiting.len())
    }

    /// How much the changes came to that were applied since the last time this was asked.
    pub fn take_changed(&mut self) -> Changed {
        std::mem::take(&mut self.changed)
    }

    /// A snapshot of everything applied and embedded so far.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn publish(&mut self) -> Result<Generation> {
        if self.lexical_changed {
            self.lexical.commit(self.sequence)?;
            self.lexical_committed = self.sequence;
            self.lexical_changed = false;
        }
        self.refresh_statistics();
        Ok(Generation {
            lexical: self.lexical.snapshot()?,
            columns: self.columns.clone(),
            statistics: Arc::clone(&self.statistics),
            values: Arc::clone(&self.values),
            semantic: self.semantic.clone(),
            analyser: Arc::clone(&self.recipe.analyser),
            private: Arc::clone(&self.recipe.private),
            embedder: self.recipe.embedder.clone(),
            sequence: self.sequence,
        })
    }

    /// Looks after the links between vectors that a large catalogue needs: begins to build them
    /// on a thread of their own, and takes them when they are there. Answers whether new ones
    /// were taken.
    pub fn take_links(&mut self) -> bool {
        if let Some(links) = self.links.take_if(|links| links.is_finished()) {
            return links.join().map(|links| self.semantic.vectors_mut().adopt(&links)).is_ok();
        }
        if self.links.is_none() && self.waiting.is_empty() && self.semantic.vectors().wants_graph()
        {
            let vectors = self.semantic.vectors().flat().clone();
            self.links = Some(std::thread::spawn(move || Graph::build(vectors)));
        }
        false
    }

    /// Whether links are being built.
    pub fn is_linking(&self) -> bool {
        self.links.is_some()
    }

    fn refresh_statistics(&mut self) {
        if self.since_statistics > self.columns.len() {
            self.statistics = Arc::new(Statistics::of(&self.columns));
            self.since_statistics = 0;
        }
        if self.texts_since_values * TEXT_WEIGHT > self.columns.len() {
            let (analyser, private) = (&self.recipe.analyser, &self.recipe.private);
            self.values = Arc::new(ValueIndex::of(&self.columns, analyser, private));
            self.texts_since_values = 0;
        }
        if self.embedded_since_background * TEXT_WEIGHT > self.columns.len() {
            let ordinals: Vec<Ordinal> = self.columns.rows().map(|(ordinal, _)| ordinal).collect();
            self.semantic.measure_background(&ordinals);
            self.embedded_since_background = 0;
        }
    }
}

/// The folder of the words in an index folder.
const LEXICAL_FOLDER: &str = "lexical";

fn remove_words(recipe: &Recipe) -> Result<()> {
    match &recipe.folder {
        Some(folder) => {
            std::fs::remove_dir_all(folder.join(LEXICAL_FOLDER)).map_err(super::lexical::disk_error)
        }
        None => Ok(()),
    }
}

/// A lexical index that cannot be opened is derived data: it is thrown away and made anew.
fn open_lexical(folder: Option<&Path>) -> Result<LexicalWriter> {
    let Some(folder) = folder.map(|folder| folder.join(LEXICAL_FOLDER)) else {
        return LexicalWriter::open(None);
    };
    // The library trusts what it reads, and may panic over what makes no sense.
    let opened = std::panic::catch_unwind(|| LexicalWriter::open(Some(&folder)));
    let opened = opened.unwrap_or_else(|_| Err(super::lexical::disk_error("a panic")));
    opened.or_else(|error| {
        tracing::warn!(%error, "the lexical index is rebuilt");
        std::fs::remove_dir_all(&folder).map_err(super::lexical::disk_error)?;
        LexicalWriter::open(Some(&folder))
    })
}
