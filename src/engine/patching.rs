//! The path of a patch: laid over the product as it is, and stored if nobody changed that meanwhile.
//! The patches of a call are written together, so that a call about a hundred prices costs the disk
//! one sync and a kill leaves all or none of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Map, Value};

use super::Engine;
use super::products::{Accepted, Rejected, WRITTEN_AT_ONCE, refused, unknown_product};
use crate::catalog;
use crate::domain::id::{IndexName, ProductId};
use crate::domain::product::Product;
use crate::error::{Error, Result};
use crate::store::{StoredProduct, Write};

/// How often patches are laid over products that others change meanwhile.
const PATCH_TRIES: usize = 100;

type Patch = Map<String, Value>;

/// The patches of one product, in their order and with their places in the call.
struct Work<'p> {
    id: ProductId,
    patches: Vec<(u64, &'p Patch)>,
}

/// What the patches of one product come to.
struct Outcome {
    write: Option<Write>,
    accepted: usize,
    rejected: Vec<Rejected>,
}

impl Engine {
    /// Lays patches (RFC 7396, each with an `id`) over products; variants named by `sku` change
    /// one by one.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Unavailable or Internal when the disk fails.
    pub fn patch_products(&self, index: &IndexName, patches: &[Patch]) -> Result<Accepted> {
        let open = self.index(index)?;
        let mut answer = Accepted::default();
        let mut works = by_product(patches, &mut answer);
        while !works.is_empty() {
            let later = works.split_off(works.len().min(WRITTEN_AT_ONCE));
            self.patch_batch(index, works, &mut answer)?;
            works = later;
        }
        open.notify(answer.sequence);
        answer.in_order();
        Ok(answer)
    }

    fn patch_batch(
        &self,
        index: &IndexName,
        mut works: Vec<Work<'_>>,
        answer: &mut Accepted,
    ) -> Result<()> {
        for _ in 0..PATCH_TRIES {
            let ids: Vec<ProductId> = works.iter().map(|work| work.id.clone()).collect();
            let stored = self.store.products(index, &ids)?;
            let outcomes: Vec<Outcome> = works
                .iter()
                .zip(stored)
                .map(|(work, stored)| patched(index, work, stored))
                .collect();
            works = self.write_patched(works, outcomes, answer)?;
            if works.is_empty() {
                return Ok(());
            }
        }
        for work in works {
            let error = Error::conflict("product_changed", "others change this product", "");
            for (line, _) in work.patches {
                answer.reject(refused(line, work.id.as_str(), &error));
            }
        }
        Ok(())
    }

    /// Writes what the patches come to, and answers those whose product was changed meanwhile.
    fn write_patched<'p>(
        &self,
        works: Vec<Work<'p>>,
        outcomes: Vec<Outcome>,
        answer: &mut Accepted,
    ) -> Result<Vec<Work<'p>>> {
        let mut writes = Vec::with_capacity(works.len());
        let mut written = Vec::with_capacity(works.len());
        for (work, mut outcome) in works.into_iter().zip(outcomes) {
            match outcome.write.take() {
                Some(write) => {
                    writes.push(write);
                    written.push((work, outcome));
                }
                None => outcome.rejected.into_iter().for_each(|one| answer.reject(one)),
            }
        }
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let mut again = Vec::new();
        for ((work, outcome), result) in written.into_iter().zip(self.store.write(writes)?) {
            match result {
                Ok(sequence) => {
                    answer.accepted += outcome.accepted;
                    answer.sequence = answer.sequence.max(sequence);
                    outcome.rejected.into_iter().for_each(|one| answer.reject(one));
                }
                Err(Error::Conflict(_)) => again.push(work),
                Err(error @ Error::NotFound(_)) => return Err(error),
                Err(error) => {
                    for (line, _) in work.patches {
                        answer.reject(refused(line, work.id.as_str(), &error));
                    }
                }
            }
        }
        Ok(again)
    }
}

/// One work for each product, in the order of their first patches.
fn by_product<'p>(patches: &'p [Patch], answer: &mut Accepted) -> Vec<Work<'p>> {
    let mut works: Vec<Work<'p>> = Vec::new();
    let mut places: HashMap<ProductId, usize> = HashMap::new();
    for (line, patch) in (1..).zip(patches) {
        let id = patch.get("id").map(text).unwrap_or_default();
        match product_id(&id) {
            Ok(id) => match places.entry(id.clone()) {
                Entry::Occupied(place) => works[*place.get()].patches.push((line, patch)),
                Entry::Vacant(place) => {
                    place.insert(works.len());
                    works.push(Work { id, patches: vec![(line, patch)] });
                }
            },
            Err(error) => answer.reject(refused(line, &id, &error)),
        }
    }
    works
}

/// Lays the patches over the product, one after the other; one that is wrong stops no other.
fn patched(index: &IndexName, work: &Work<'_>, stored: Option<StoredProduct>) -> Outcome {
    let mut outcome = Outcome { write: None, accepted: 0, rejected: Vec::new() };
    let id = work.id.as_str();
    let Some(StoredProduct { sequence, product, .. }) = stored else {
        let error = unknown_product(&work.id);
        outcome.rejected.extend(work.patches.iter().map(|(line, _)| refused(*line, id, &error)));
        return outcome;
    };
    let mut latest: Option<Product> = None;
    for (line, patch) in &work.patches {
        match catalog::patched(latest.as_ref().unwrap_or(&product), patch) {
            Ok(product) => {
                latest = Some(product);
                outcome.accepted += 1;
            }
            Err(fault) => {
                let error = Error::bad_request("invalid_product", fault.to_string(), "");
                outcome.rejected.push(refused(*line, id, &error));
            }
        }
    }
    outcome.write = latest.map(|product| Write::PutProduct {
        index: index.clone(),
        product: Box::new(product),
        expected: Some(sequence),
    });
    outcome
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn product_id(id: &str) -> Result<ProductId> {
    ProductId::parse(id).map_err(|rule| {
        Error::bad_request("invalid_product_id", rule.to_string(), "give every patch an 'id'")
    })
}
