//! What each engine must do in this comparison: two tables kept in step by one transaction.

use std::path::Path;
use std::sync::Arc;

use crate::Fallible;

/// One write: product identifier, sequence number, JSON.
pub(crate) struct Upsert {
    pub(crate) id: String,
    pub(crate) sequence: u64,
    pub(crate) json: String,
}

/// The store's shape in small: `products` (id → sequence + JSON) and `changes` (sequence → id).
pub(crate) trait Engine: Send + Sync {
    /// Writes all of `batch` or nothing, durable on return; an overwritten product leaves no old
    /// sequence number behind.
    fn commit(&self, batch: &[Upsert]) -> Fallible<()>;
    /// The JSON of one product.
    fn get(&self, id: &str) -> Fallible<Option<Vec<u8>>>;
    /// Walks all changes in sequence order and reads each product; answers (records, bytes).
    fn scan(&self) -> Fallible<(u64, u64)>;
    /// Copies one snapshot of the open database to `target`.
    fn copy_online(&self, target: &Path) -> Fallible<()>;
    /// Gives space back; takes the database by value since one engine needs it alone.
    fn compact(self: Arc<Self>) -> Fallible<()>;
}

/// Opens (or makes) the named engine's database in `directory`.
pub(crate) fn open(name: &str, directory: &Path) -> Fallible<Arc<dyn Engine>> {
    std::fs::create_dir_all(directory)?;
    match name {
        "redb" => Ok(Arc::new(crate::redb_engine::Redb::open(directory, false)?)),
        "redb-quick-repair" => Ok(Arc::new(crate::redb_engine::Redb::open(directory, true)?)),
        "fjall" => Ok(Arc::new(crate::fjall_engine::Fjall::open(directory)?)),
        other => Err(format!("no engine is called {other}").into()),
    }
}

/// `products` holds the sequence number in the first eight bytes, then the JSON.
pub(crate) fn pack(upsert: &Upsert) -> Vec<u8> {
    let mut value = upsert.sequence.to_be_bytes().to_vec();
    value.extend_from_slice(upsert.json.as_bytes());
    value
}

/// The sequence number of a packed product.
pub(crate) fn sequence_of(packed: &[u8]) -> u64 {
    packed.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
