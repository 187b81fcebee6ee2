//! redb: one file, copy-on-write B+trees.

use std::path::Path;
use std::sync::Arc;

use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};

use crate::Fallible;
use crate::engine::{Engine, Upsert, pack, sequence_of};

const PRODUCTS: TableDefinition<&str, &[u8]> = TableDefinition::new("products");
const CHANGES: TableDefinition<u64, &str> = TableDefinition::new("changes");

/// An open redb file; `quick_repair` makes commits dearer and opening after a crash cheaper.
pub(crate) struct Redb {
    database: Database,
    quick_repair: bool,
}

impl Redb {
    pub(crate) fn open(directory: &Path, quick_repair: bool) -> Fallible<Self> {
        let database =
            Builder::new().set_cache_size(64 << 20).create(directory.join("store.redb"))?;
        Ok(Self { database, quick_repair })
    }

    fn write(database: &Database, quick_repair: bool, batch: &[Upsert]) -> Fallible<()> {
        let mut transaction = database.begin_write()?;
        transaction.set_quick_repair(quick_repair);
        {
            let mut products = transaction.open_table(PRODUCTS)?;
            let mut changes = transaction.open_table(CHANGES)?;
            for upsert in batch {
                let value = pack(upsert);
                let old = products.insert(upsert.id.as_str(), value.as_slice())?;
                if let Some(old) = old {
                    changes.remove(sequence_of(old.value()))?;
                }
                changes.insert(upsert.sequence, upsert.id.as_str())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Engine for Redb {
    fn commit(&self, batch: &[Upsert]) -> Fallible<()> {
        Self::write(&self.database, self.quick_repair, batch)
    }

    fn get(&self, id: &str) -> Fallible<Option<Vec<u8>>> {
        let products = self.database.begin_read()?.open_table(PRODUCTS)?;
        let found = products.get_owned(id)?;
        Ok(found.map(|value| value.value()[8..].to_vec()))
    }

    fn scan(&self) -> Fallible<(u64, u64)> {
        let transaction = self.database.begin_read()?;
        let (products, changes) =
            (transaction.open_table(PRODUCTS)?, transaction.open_table(CHANGES)?);
        let (mut records, mut bytes) = (0, 0);
        for change in ReadableTable::range::<u64>(&changes, 0..)? {
            let (_, id) = change?;
            let value =
                ReadableTable::get(&products, id.value())?.ok_or("a change without its product")?;
            records += 1;
            bytes += value.value().len() as u64 - 8;
        }
        Ok((records, bytes))
    }

    fn copy_online(&self, target: &Path) -> Fallible<()> {
        let transaction = self.database.begin_read()?;
        let copy = Builder::new().create(target)?;
        let write = copy.begin_write()?;
        {
            let mut products = write.open_table(PRODUCTS)?;
            for entry in ReadableTable::iter(&transaction.open_table(PRODUCTS)?)? {
                let (key, value) = entry?;
                products.insert(key.value(), value.value())?;
            }
            let mut changes = write.open_table(CHANGES)?;
            for entry in ReadableTable::iter(&transaction.open_table(CHANGES)?)? {
                let (key, value) = entry?;
                changes.insert(key.value(), value.value())?;
            }
        }
        write.commit()?;
        Ok(())
    }

    fn compact(self: Arc<Self>) -> Fallible<()> {
        let mut alone = Arc::into_inner(self).ok_or("the database is in use")?;
        alone.database.compact()?;
        Ok(())
    }
}
