//! The candidates behind one interface: what Vitrine asks of a vector index.

use std::path::Path;

use fixedbitset::FixedBitSet;
use hannoy::distances::Cosine;
use heed::CommitOrAbort;
use hnsw_rs::prelude::{AnnT, Distance, Hnsw, HnswIo};
use rand::SeedableRng;
use rand::rngs::StdRng;
use roaring::RoaringBitmap;

use crate::corpus::{DIMENSIONS, quantise};
use crate::vector::{Flat, Graph, Neighbour, PreparedQuery, VectorIndex};

pub const LINKS: usize = 16;
pub const EF_BUILD: usize = 128;

pub trait Candidate: Sized {
    fn build(vectors: &[Vec<f32>], dir: &Path) -> Self;
    fn search(&self, query: &[f32], k: usize, ef: usize, allowed: Option<&FixedBitSet>)
    -> Vec<u32>;
    /// False where the crate cannot.
    fn replace(&mut self, ordinal: u32, vector: &[f32]) -> bool;
    fn remove(&mut self, ordinal: u32) -> bool;
    fn save(&self, dir: &Path);
    /// None where the index lives in its file.
    fn load(dir: &Path) -> Option<Self>;
}

fn inverse_length(row: &[i8]) -> f32 {
    row.iter().map(|value| f32::from(*value).powi(2)).sum::<f32>().sqrt().recip()
}

fn ordinals(found: Vec<Neighbour>) -> Vec<u32> {
    found.into_iter().map(|neighbour| neighbour.ordinal).collect()
}

impl Candidate for Flat {
    fn build(vectors: &[Vec<f32>], _: &Path) -> Self {
        let mut flat = Self::new(DIMENSIONS).unwrap();
        for (ordinal, vector) in (0..).zip(vectors) {
            flat.upsert(ordinal, vector).unwrap();
        }
        flat
    }

    fn search(&self, query: &[f32], k: usize, _: usize, allowed: Option<&FixedBitSet>) -> Vec<u32> {
        ordinals(self.nearest(&PreparedQuery::new(query), k, allowed))
    }

    fn replace(&mut self, ordinal: u32, vector: &[f32]) -> bool {
        self.upsert(ordinal, vector).unwrap();
        true
    }

    fn remove(&mut self, ordinal: u32) -> bool {
        Self::remove(self, ordinal)
    }

    fn save(&self, dir: &Path) {
        let rows = self.rows().flat_map(|(_, row)| row.iter().map(|value| value.cast_unsigned()));
        std::fs::write(dir.join("rows"), rows.collect::<Vec<u8>>()).unwrap();
    }

    fn load(dir: &Path) -> Option<Self> {
        let bytes = std::fs::read(dir.join("rows")).unwrap();
        let values: Vec<i8> = bytes.into_iter().map(u8::cast_signed).collect();
        let mut flat = Self::new(DIMENSIONS).unwrap();
        for (ordinal, row) in (0..).zip(values.chunks(DIMENSIONS)) {
            flat.upsert_row(ordinal, row).unwrap();
        }
        Some(flat)
    }
}

/// Vitrine's own, with the width that it chooses: `ef` 0 lets it choose between scan and links as
/// well, any other follows the links.
impl Candidate for Graph {
    fn build(vectors: &[Vec<f32>], dir: &Path) -> Self {
        Self::build(<Flat as Candidate>::build(vectors, dir))
    }

    fn search(
        &self,
        query: &[f32],
        k: usize,
        ef: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<u32> {
        let query = PreparedQuery::new(query);
        ordinals(match ef {
            0 => self.nearest(&query, k, allowed),
            _ => self.nearest_by_links(&query, k, allowed),
        })
    }

    fn replace(&mut self, ordinal: u32, vector: &[f32]) -> bool {
        self.upsert(ordinal, vector).unwrap();
        true
    }

    fn remove(&mut self, ordinal: u32) -> bool {
        Self::remove(self, ordinal)
    }

    fn save(&self, _: &Path) {}

    fn load(_: &Path) -> Option<Self> {
        None
    }
}

pub struct Usearch(usearch::Index);

fn usearch_options() -> usearch::IndexOptions {
    usearch::IndexOptions {
        dimensions: DIMENSIONS,
        metric: usearch::MetricKind::Cos,
        quantization: usearch::ScalarKind::I8,
        connectivity: LINKS,
        expansion_add: EF_BUILD,
        ..Default::default()
    }
}

impl Candidate for Usearch {
    fn build(vectors: &[Vec<f32>], _: &Path) -> Self {
        let index = usearch::new_index(&usearch_options()).unwrap();
        index.reserve(vectors.len() * 5 / 4).unwrap();
        for (ordinal, vector) in vectors.iter().enumerate() {
            index.add(ordinal as u64, &quantise(vector)).unwrap();
        }
        Self(index)
    }

    fn search(
        &self,
        query: &[f32],
        k: usize,
        ef: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<u32> {
        self.0.change_expansion_search(ef);
        let row = quantise(query);
        let matches = match allowed {
            Some(set) => self.0.filtered_search(&row, k, |key| set[key as usize]),
            None => self.0.search(&row, k),
        };
        matches.unwrap().keys.into_iter().map(|key| key as u32).collect()
    }

    fn replace(&mut self, ordinal: u32, vector: &[f32]) -> bool {
        self.0.remove(ordinal.into()).unwrap();
        self.0.add(ordinal.into(), &quantise(vector)).unwrap();
        true
    }

    fn remove(&mut self, ordinal: u32) -> bool {
        self.0.remove(ordinal.into()).unwrap();
        true
    }

    fn save(&self, dir: &Path) {
        self.0.save(dir.join("usearch").to_str().unwrap()).unwrap();
    }

    fn load(dir: &Path) -> Option<Self> {
        let index = usearch::new_index(&usearch_options()).unwrap();
        index.load(dir.join("usearch").to_str().unwrap()).unwrap();
        Some(Self(index))
    }
}

/// Int8 rows followed by the four bytes of 1 / length, compared with the kernel of the flat scan.
#[derive(Clone, Copy, Default)]
pub struct RowDistance;

impl Distance<i8> for RowDistance {
    fn eval(&self, one: &[i8], other: &[i8]) -> f32 {
        let (one, one_tail) = one.split_at(DIMENSIONS);
        let (other, other_tail) = other.split_at(DIMENSIONS);
        let scale = tail(one_tail) * tail(other_tail);
        (1.0 - crate::dot::dot_rows(one, other) as f32 * scale).max(0.0)
    }
}

fn tail(bytes: &[i8]) -> f32 {
    f32::from_le_bytes([0, 1, 2, 3].map(|index| bytes[index].cast_unsigned()))
}

fn with_tail(vector: &[f32]) -> Vec<i8> {
    let mut row = quantise(vector);
    row.extend(inverse_length(&row).to_le_bytes().map(u8::cast_signed));
    row
}

pub struct HnswRs(Hnsw<'static, i8, RowDistance>);

impl Candidate for HnswRs {
    fn build(vectors: &[Vec<f32>], _: &Path) -> Self {
        let graph = Hnsw::new(LINKS, vectors.len(), 16, EF_BUILD, RowDistance);
        for (ordinal, vector) in vectors.iter().enumerate() {
            graph.insert((&with_tail(vector), ordinal));
        }
        Self(graph)
    }

    fn search(
        &self,
        query: &[f32],
        k: usize,
        ef: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<u32> {
        let row = with_tail(query);
        let filter = |id: &usize| allowed.is_none_or(|set| set[*id]);
        let found = match allowed {
            Some(_) => self.0.search_filter(&row, k, ef, Some(&filter)),
            None => self.0.search(&row, k, ef),
        };
        found.into_iter().map(|neighbour| neighbour.d_id as u32).collect()
    }

    fn replace(&mut self, _: u32, _: &[f32]) -> bool {
        false
    }

    fn remove(&mut self, _: u32) -> bool {
        false
    }

    fn save(&self, dir: &Path) {
        self.0.file_dump(dir, "hnsw_rs").unwrap();
    }

    fn load(dir: &Path) -> Option<Self> {
        // The loaded graph borrows from its loader.
        let loader = Box::leak(Box::new(HnswIo::new(dir, "hnsw_rs")));
        Some(Self(loader.load_hnsw_with_dist(RowDistance).unwrap()))
    }
}

pub struct Hannoy {
    env: heed::Env,
    database: hannoy::Database<'static, Cosine>,
}

impl Hannoy {
    fn open(dir: &Path) -> heed::Env {
        // SAFETY: nothing else opens the folder.
        unsafe { heed::EnvOpenOptions::new().map_size(8 << 30).open(dir).unwrap() }
    }

    fn write(&self, change: impl FnOnce(&hannoy::Writer<Cosine>, &mut heed::RwTxn)) {
        let mut transaction = self.env.write_txn().unwrap();
        let writer = hannoy::Writer::new(self.database, 0, DIMENSIONS);
        change(&writer, &mut transaction);
        let mut rng = StdRng::seed_from_u64(1);
        let mut builder = writer.builder(&mut rng);
        builder.ef_construction(EF_BUILD).build::<LINKS, { 2 * LINKS }>(&mut transaction).unwrap();
        transaction.commit().unwrap();
    }
}

impl Candidate for Hannoy {
    fn build(vectors: &[Vec<f32>], dir: &Path) -> Self {
        let env = Self::open(dir);
        let transaction = env.write_txn().unwrap();
        let database = env
            .create_databases_and_commit(transaction, |opener, transaction| -> heed::Result<_> {
                opener.create_database(transaction, None).map(CommitOrAbort::<_, ()>::Commit)
            })
            .unwrap()
            .unwrap_commit();
        let index = Self { env, database };
        index.write(|writer, transaction| {
            for (ordinal, vector) in vectors.iter().enumerate() {
                writer.add_item(transaction, ordinal as u32, vector).unwrap();
            }
        });
        index
    }

    fn search(
        &self,
        query: &[f32],
        k: usize,
        ef: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<u32> {
        let transaction = self.env.read_txn().unwrap();
        let reader = hannoy::Reader::open(&transaction, 0, self.database).unwrap();
        let bitmap = allowed.map(|set| set.ones().map(|o| o as u32).collect::<RoaringBitmap>());
        let mut search = reader.nns(k);
        search.ef_search(ef);
        if let Some(bitmap) = &bitmap {
            search.candidates(bitmap);
        }
        let found = search.by_vector(&transaction, query).unwrap().into_nns();
        found.into_iter().map(|(ordinal, _)| ordinal).collect()
    }

    fn replace(&mut self, ordinal: u32, vector: &[f32]) -> bool {
        self.write(|writer, transaction| writer.add_item(transaction, ordinal, vector).unwrap());
        true
    }

    fn remove(&mut self, ordinal: u32) -> bool {
        self.write(|writer, transaction| {
            writer.del_item(transaction, ordinal).unwrap();
        });
        true
    }

    fn save(&self, _: &Path) {}

    fn load(_: &Path) -> Option<Self> {
        None
    }
}
