//! One write inside an open transaction: everything is checked before anything is changed.

use redb::StorageError;

use crate::domain::event::{Choice, RecordedEvent, Visitor};
use crate::domain::id::{IndexName, Ordinal, ProductId, Sequence, ShopperId};
use crate::domain::product::Product;
use crate::domain::time::Timestamp;
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::store::{Write, refusal};

use super::encode;
use super::erasures::Erasures;
use super::tables::{IndexRow, ProductRow, Tables};

/// A write with its record encoded by the thread that sent it, so that the one writer thread does
/// not encode for all; or why it is refused already.
pub(super) type Job = Result<(Write, Vec<u8>)>;

/// Checks what needs no transaction, and encodes.
pub(super) fn prepare(write: Write) -> Job {
    let json = match &write {
        Write::PutProduct { product, .. } => {
            refusal::check_product(product)?;
            encode(product)?
        }
        Write::PutKey(key) => encode(key)?,
        Write::Record(event) => encode(event)?,
        Write::PutPreferences(_, preferences) => encode(preferences)?,
        Write::CreateIndex { .. }
        | Write::DeleteIndex { .. }
        | Write::PutSettings { .. }
        | Write::DeleteProduct { .. }
        | Write::DeleteKey(_)
        | Write::Settle { .. }
        | Write::Expire(_)
        | Write::RemoveEvent { .. }
        | Write::EraseShopper { .. } => Vec::new(),
    };
    Ok((write, json))
}

/// Why a write did not happen.
enum Stop {
    /// This write only.
    Refused(Error),
    /// The whole transaction.
    Failed(Error),
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

type Outcome = std::result::Result<Sequence, Stop>;

/// Carries out one write. The inner result is this write's; the outer error ends the transaction.
pub(super) fn apply(
    tables: &mut Tables<'_>,
    erasures: &Erasures,
    job: Job,
) -> Result<Result<Sequence>> {
    let (write, json) = match job {
        Ok(ready) => ready,
        Err(refused) => return Ok(Err(refused)),
    };
    match dispatch((tables, erasures), write, json) {
        Ok(sequence) => Ok(Ok(sequence)),
        Err(Stop::Refused(error)) => Ok(Err(error)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn dispatch(
    (tables, erasures): (&mut Tables<'_>, &Erasures),
    write: Write,
    json: Vec<u8>,
) -> Outcome {
    match write {
        Write::CreateIndex { index, settings } => create_index(tables, &index, *settings),
        Write::DeleteIndex { index } => {
            index_row(tables, &index)?;
            tables.remove_index(&index)?;
            Ok(tables.next())
        }
        Write::PutSettings { index, settings } => put_settings(tables, &index, *settings),
        Write::PutProduct { index, product, expected } => {
            put_product(tables, (&index, &product.id), json, expected)
        }
        Write::DeleteProduct { index, id } => delete_product(tables, &index, &id),
        Write::PutKey(key) => {
            tables.put_key(&key.id, &json)?;
            Ok(tables.next())
        }
        Write::DeleteKey(id) => match tables.remove_key(&id)? {
            true => Ok(tables.next()),
            false => Err(Stop::Refused(refusal::no_key(&id))),
        },
        Write::Record(event) => record(tables, &event, &json),
        Write::PutPreferences(shopper, _) => {
            tables.put_preferences(&shopper, &json)?;
            Ok(tables.next())
        }
        Write::Settle { event, product } => settle(tables, event, &product),
        Write::Expire(event) => expire(tables, event),
        Write::RemoveEvent { visitor, event } => remove_event(tables, &visitor, event),
        Write::EraseShopper { shopper, at } => erase(tables, erasures, (&shopper, at)),
    }
}

fn index_row(tables: &Tables<'_>, index: &IndexName) -> std::result::Result<IndexRow, Stop> {
    tables.index(index)?.ok_or_else(|| Stop::Refused(refusal::no_index(index)))
}

fn create_index(tables: &mut Tables<'_>, index: &IndexName, mut settings: Settings) -> Outcome {
    if tables.index(index)?.is_some() {
        return Err(Stop::Refused(refusal::index_exists(index)));
    }
    settings.version = 1;
    tables.put_settings(index, &settings).map_err(Stop::Failed)?;
    let created = tables.next();
    tables.put_index(index, IndexRow { settings_version: 1, ordinals: 0, created })?;
    Ok(created)
}

fn put_settings(tables: &mut Tables<'_>, index: &IndexName, mut settings: Settings) -> Outcome {
    let row = index_row(tables, index)?;
    if settings.version != row.settings_version {
        return Err(Stop::Refused(refusal::stale_settings(index, row.settings_version)));
    }
    settings.version += 1;
    tables.put_settings(index, &settings).map_err(Stop::Failed)?;
    tables.put_index(index, IndexRow { settings_version: settings.version, ..row })?;
    Ok(tables.next())
}

fn put_product(
    tables: &mut Tables<'_>,
    (index, id): (&IndexName, &ProductId),
    json: Vec<u8>,
    expected: Option<Sequence>,
) -> Outcome {
    let row = index_row(tables, index)?;
    let old = tables.product(index, id)?;
    let present = old.filter(|(_, _, present)| *present).map(|(sequence, _, _)| sequence);
    if expected.is_some() && expected != present {
        return Err(Stop::Refused(refusal::stale_product(index, id)));
    }
    let ordinal = match old {
        Some((_, ordinal, _)) => ordinal,
        None => Ordinal::try_from(row.ordinals)
            .map_err(|_| Stop::Refused(refusal::index_full(index)))?,
    };
    if old.is_none() {
        tables.put_index(index, IndexRow { ordinals: row.ordinals + 1, ..row })?;
    }
    let sequence = tables.next();
    let replaced = old.map(|(sequence, _, _)| sequence);
    let row = ProductRow { sequence, ordinal, json: Some(json) };
    tables.put_product(index, id, &row, replaced)?;
    Ok(sequence)
}

fn delete_product(tables: &mut Tables<'_>, index: &IndexName, id: &ProductId) -> Outcome {
    index_row(tables, index)?;
    let Some((replaced, ordinal, true)) = tables.product(index, id)? else {
        return Err(Stop::Refused(refusal::no_product(index, id)));
    };
    let sequence = tables.next();
    let row = ProductRow { sequence, ordinal, json: None };
    tables.put_product(index, id, &row, Some(replaced))?;
    Ok(sequence)
}

fn record(tables: &mut Tables<'_>, event: &RecordedEvent, json: &[u8]) -> Outcome {
    let visitor = event.event.visitor().ok_or_else(|| Stop::Refused(refusal::no_visitor()))?.key();
    if let Some(id) = &event.event.id
        && let Some(first) = tables.event(&visitor, id)?
    {
        return Ok(first);
    }
    let sequence = tables.next();
    tables.put_event(sequence, event, json).map_err(Stop::Failed)?;
    Ok(sequence)
}

fn waiting(tables: &Tables<'_>, event: Sequence) -> std::result::Result<RecordedEvent, Stop> {
    let refused = || Stop::Refused(refusal::not_waiting(event));
    if !tables.is_waiting(event)? {
        return Err(refused());
    }
    tables.log().event(event).map_err(Stop::Failed)?.ok_or_else(refused)
}

fn settle(tables: &mut Tables<'_>, event: Sequence, product: &Product) -> Outcome {
    let mut recorded = waiting(tables, event)?;
    recorded.choice = Choice::of(product, &recorded.event);
    let json = encode(&recorded).map_err(Stop::Failed)?;
    tables.settle_event(event, &json)?;
    Ok(tables.next())
}

fn expire(tables: &mut Tables<'_>, event: Sequence) -> Outcome {
    waiting(tables, event)?;
    tables.remove_events(&[event]).map_err(Stop::Failed)?;
    Ok(tables.next())
}

fn remove_event(tables: &mut Tables<'_>, visitor: &Visitor, event: Sequence) -> Outcome {
    let log = tables.log();
    let known = log.event(event).map_err(Stop::Failed)?;
    let known = known.ok_or_else(|| Stop::Refused(refusal::no_event(event)))?;
    if !log.belongs(&known, visitor).map_err(Stop::Failed)? {
        return Err(Stop::Refused(refusal::no_event(event)));
    }
    tables.remove_events(&[event]).map_err(Stop::Failed)?;
    Ok(tables.next())
}

/// The list has the erasure on disk before anything is removed, so that it is carried out at the
/// next opening should the process be killed in between.
fn erase(
    tables: &mut Tables<'_>,
    erasures: &Erasures,
    (shopper, at): (&ShopperId, Timestamp),
) -> Outcome {
    let visitor = Visitor::Shopper(shopper.clone());
    let gone = tables.log().going_with(&visitor).map_err(Stop::Failed)?;
    let sessions = gone.sessions.iter().cloned().map(Visitor::Session);
    let visitors: Vec<Visitor> = std::iter::once(visitor).chain(sessions).collect();
    tables.erased = erasures.append(&visitors, at).map_err(Stop::Refused)?;
    tables.remove_preferences(shopper)?;
    tables.remove_events(&gone.events).map_err(Stop::Failed)?;
    Ok(tables.next())
}

/// Carries out erasures that the list knows and the store does not, on everything there is.
pub(super) fn catch_up(tables: &mut Tables<'_>, erasures: &Erasures) -> Result<()> {
    let Some(pending) = erasures.pending(tables.erased) else { return Ok(()) };
    let mut visitors = tables.log().visitors()?;
    visitors.retain(|visitor| pending.has(visitor));
    // Shoppers first: what is anonymous in a session belongs to them as long as they are known.
    visitors.sort_unstable();
    for visitor in visitors {
        let gone = tables.log().going_with(&visitor)?;
        tables.remove_events(&gone.events)?;
    }
    for shopper in tables.with_preferences()? {
        if pending.has(&Visitor::Shopper(shopper.clone())) {
            tables.remove_preferences(&shopper)?;
        }
    }
    tables.erased = pending.mark;
    tables.next();
    Ok(())
}
