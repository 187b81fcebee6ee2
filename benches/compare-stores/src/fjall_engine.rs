//! fjall: a folder, log-structured merge trees behind one journal.

use std::path::Path;
use std::sync::Arc;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};

use crate::Fallible;
use crate::engine::{Engine, Upsert, pack, sequence_of};

/// An open fjall database with its two keyspaces.
pub(crate) struct Fjall {
    database: Database,
    products: Keyspace,
    changes: Keyspace,
}

impl Fjall {
    pub(crate) fn open(directory: &Path) -> Fallible<Self> {
        let database = Database::builder(directory).cache_size(64 << 20).open()?;
        let products = database.keyspace("products", KeyspaceCreateOptions::default)?;
        let changes = database.keyspace("changes", KeyspaceCreateOptions::default)?;
        Ok(Self { database, products, changes })
    }
}

impl Engine for Fjall {
    fn commit(&self, batch: &[Upsert]) -> Fallible<()> {
        let mut write = self.database.batch().durability(Some(PersistMode::SyncData));
        for upsert in batch {
            // No product occurs twice in one batch here, so the last committed state suffices.
            if let Some(old) = self.products.get(&upsert.id)? {
                write.remove(&self.changes, sequence_of(&old).to_be_bytes());
            }
            write.insert(&self.products, upsert.id.as_str(), pack(upsert));
            write.insert(&self.changes, upsert.sequence.to_be_bytes(), upsert.id.as_str());
        }
        write.commit()?;
        Ok(())
    }

    fn get(&self, id: &str) -> Fallible<Option<Vec<u8>>> {
        Ok(self.products.get(id)?.map(|value| value[8..].to_vec()))
    }

    fn scan(&self) -> Fallible<(u64, u64)> {
        let snapshot = self.database.snapshot();
        let (mut records, mut bytes) = (0, 0);
        for change in snapshot.iter(&self.changes) {
            let id = change.value()?;
            let value = snapshot.get(&self.products, &id)?.ok_or("a change without its product")?;
            records += 1;
            bytes += value.len() as u64 - 8;
        }
        Ok((records, bytes))
    }

    fn copy_online(&self, target: &Path) -> Fallible<()> {
        let snapshot = self.database.snapshot();
        let copy = Self::open(target)?;
        for (from, to) in [(&self.products, &copy.products), (&self.changes, &copy.changes)] {
            let mut write = copy.database.batch();
            for entry in snapshot.iter(from) {
                let (key, value) = entry.into_inner()?;
                write.insert(to, key, value);
            }
            write.commit()?;
        }
        copy.database.persist(PersistMode::SyncAll)?;
        Ok(())
    }

    fn compact(self: Arc<Self>) -> Fallible<()> {
        for keyspace in [&self.products, &self.changes] {
            keyspace.rotate_memtable_and_wait()?;
            keyspace.major_compact()?;
        }
        Ok(())
    }
}
