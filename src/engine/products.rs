//! The path of a product: validated, stored durably, then folded into the index.

use std::io::BufRead;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Engine;
use crate::catalog::{self, Format, Mapping, Reject};
use crate::domain::id::{IndexName, ProductId, Sequence};
use crate::domain::product::Product;
use crate::error::{Error, Result};
use crate::store::Write;

/// Products that one transaction takes.
const WRITTEN_AT_ONCE: usize = 500;

/// Rejected records that an answer names; the others are only counted.
const REJECTS_NAMED: usize = 1_000;

/// How often a patch is laid over a product that others change meanwhile.
const PATCH_TRIES: usize = 100;

/// A record that was not taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rejected {
    /// Line in the file, or place in the array, from 1.
    pub line: u64,
    /// The record's id, where one could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field that is wrong.
    pub field: String,
    /// Why.
    pub reason: String,
}

impl From<Reject> for Rejected {
    fn from(reject: Reject) -> Self {
        Self { line: reject.line, id: reject.id, field: reject.field, reason: reject.reason }
    }
}

/// What became of a batch of records; the accepted ones are on disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Accepted {
    /// Records taken.
    pub accepted: usize,
    /// Records not taken, in all.
    pub rejected_count: usize,
    /// The first records not taken, with the reason.
    pub rejected: Vec<Rejected>,
    /// The last write's place in the store's order; a caller can wait until it is searchable.
    pub sequence: Sequence,
}

impl Accepted {
    fn reject(&mut self, rejected: Rejected) {
        self.rejected_count += 1;
        if self.rejected.len() < REJECTS_NAMED {
            self.rejected.push(rejected);
        }
    }
}

impl Engine {
    /// Reads a catalogue and stores its products, batch by batch. `progress` is told the number of
    /// records read so far.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` when the file as a whole cannot be read,
    /// Unavailable or Internal when the disk fails; batches stored before stay.
    pub fn put_products(
        &self,
        index: &IndexName,
        reader: impl BufRead + Send,
        form: (Format, &Mapping),
        progress: &dyn Fn(u64),
    ) -> Result<Accepted> {
        let open = self.index(index)?;
        let mut answer = Accepted::default();
        let mut batch = Vec::with_capacity(WRITTEN_AT_ONCE);
        for (read, record) in (1..).zip(catalog::read(reader, form.0, form.1)?) {
            match record? {
                Ok(product) => batch.push(product),
                Err(reject) => answer.reject(reject.into()),
            }
            if batch.len() == WRITTEN_AT_ONCE {
                self.put_batch(index, &mut batch, &mut answer)?;
                open.notify(answer.sequence);
                progress(read);
            }
        }
        self.put_batch(index, &mut batch, &mut answer)?;
        open.notify(answer.sequence);
        Ok(answer)
    }

    fn put_batch(
        &self,
        index: &IndexName,
        batch: &mut Vec<Product>,
        answer: &mut Accepted,
    ) -> Result<()> {
        let ids: Vec<ProductId> = batch.iter().map(|product| product.id.clone()).collect();
        let writes = batch
            .drain(..)
            .map(|product| Write::PutProduct {
                index: index.clone(),
                product: Box::new(product),
                expected: None,
            })
            .collect();
        for (id, written) in ids.into_iter().zip(self.store.write(writes)?) {
            match written {
                Ok(sequence) => {
                    answer.accepted += 1;
                    answer.sequence = sequence;
                    self.settle(index, &id)?;
                }
                Err(error @ Error::NotFound(_)) => return Err(error),
                Err(error) => answer.reject(refused(0, id.as_str(), &error)),
            }
        }
        Ok(())
    }

    /// Lays patches (RFC 7396, each with an `id`) over products; variants named by `sku` change
    /// one by one.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Unavailable or Internal when the disk fails.
    pub fn patch_products(
        &self,
        index: &IndexName,
        patches: &[Map<String, Value>],
    ) -> Result<Accepted> {
        let open = self.index(index)?;
        let mut answer = Accepted::default();
        for (line, patch) in (1..).zip(patches) {
            let id = patch.get("id").map(text).unwrap_or_default();
            match self.patch_product(index, &id, patch) {
                Ok(sequence) => {
                    answer.accepted += 1;
                    answer.sequence = sequence;
                }
                Err(error @ (Error::BadRequest(_) | Error::NotFound(_) | Error::Conflict(_))) => {
                    answer.reject(refused(line, &id, &error))
                }
                Err(error) => return Err(error),
            }
        }
        open.notify(answer.sequence);
        Ok(answer)
    }

    fn patch_product(
        &self,
        index: &IndexName,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Result<Sequence> {
        let id = product_id(id)?;
        for _ in 0..PATCH_TRIES {
            let stored = self.store.product(index, &id)?.ok_or_else(|| unknown_product(&id))?;
            let product = catalog::patched(&stored.product, patch).map_err(|fault| {
                Error::bad_request("invalid_product", fault.to_string(), "nothing was changed")
            })?;
            let write = Write::PutProduct {
                index: index.clone(),
                product: Box::new(product),
                expected: Some(stored.sequence),
            };
            match self.write_one(write) {
                Err(Error::Conflict(_)) => {}
                written => return written,
            }
        }
        Err(Error::conflict("product_changed", "others change this product", "try again"))
    }

    /// One product as it is stored.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or product, Internal when the disk fails.
    pub fn product(&self, index: &IndexName, id: &ProductId) -> Result<Product> {
        self.index(index)?;
        let stored = self.store.product(index, id)?;
        stored.map(|stored| stored.product).ok_or_else(|| unknown_product(id))
    }

    /// Removes a product.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or product, Unavailable or Internal when the disk fails.
    pub fn delete_product(&self, index: &IndexName, id: &ProductId) -> Result<Sequence> {
        let open = self.index(index)?;
        let delete = Write::DeleteProduct { index: index.clone(), id: id.clone() };
        let sequence = self.write_one(delete)?;
        open.notify(sequence);
        Ok(sequence)
    }

    /// Waits until everything up to `sequence` is searchable.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Unavailable when it takes longer than `timeout`.
    pub fn wait_searchable(
        &self,
        index: &IndexName,
        sequence: Sequence,
        timeout: Duration,
    ) -> Result<()> {
        self.index(index)?.wait(timeout, |progress| progress.searchable >= sequence)
    }

    /// Waits until everything stored is searchable by word and by meaning; `progress` is told how
    /// many products still wait for their embedding.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Unavailable when it takes longer than `timeout`.
    pub fn wait_settled(
        &self,
        index: &IndexName,
        timeout: Duration,
        progress: &dyn Fn(usize),
    ) -> Result<()> {
        let last = self.last_change(index)?;
        self.index(index)?.wait(timeout, |now| {
            progress(now.waiting_embeddings);
            now.searchable >= last && now.waiting_embeddings == 0 && !now.rebuilding
        })
    }

    fn last_change(&self, index: &IndexName) -> Result<Sequence> {
        let mut last = self.index(index)?.progress().searchable;
        loop {
            let changes = self.store.changes(index, last, 10_000)?;
            let Some(change) = changes.last() else {
                return Ok(last);
            };
            last = change.sequence;
        }
    }

    pub(super) fn write_one(&self, write: Write) -> Result<Sequence> {
        let mut written = self.store.write(vec![write])?;
        written.pop().unwrap_or_else(|| {
            Err(Error::internal("store_failed", "the store did not answer a write", ""))
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn product_id(id: &str) -> Result<ProductId> {
    ProductId::parse(id).map_err(|rule| {
        Error::bad_request("invalid_product_id", rule.to_string(), "give every patch an 'id'")
    })
}

fn refused(line: u64, id: &str, error: &Error) -> Rejected {
    let reason = error.problem().message.clone();
    Rejected { line, id: Some(id.to_owned()), field: "record".to_owned(), reason }
}

fn unknown_product(id: &ProductId) -> Error {
    Error::not_found("unknown_product", format!("there is no product '{id}'"), "check its id")
}
