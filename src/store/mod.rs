//! The truth: products, settings, keys, events and preferences in one transactional store.
//!
//! Everything else (lexical index, vectors, columns, suggestions, profiles) is derived from it and
//! can be deleted and rebuilt. [`embedded::Embedded`] keeps it on disk; [`memory::Memory`] is the
//! slow obvious one that it is tested against.

pub mod embedded;
pub mod memory;
mod refusal;
mod sign_in;

use std::path::Path;

use crate::domain::change::Change;
use crate::domain::event::{RecordedEvent, Visitor};
use crate::domain::id::{IndexName, Ordinal, ProductId, Sequence, SessionId, ShopperId};
use crate::domain::product::Product;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::settings::Settings;
use crate::settings::access::Key;
use crate::shopper::Preferences;

pub use sign_in::SignIns;

/// One change of the truth.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Makes an index; a Conflict when it exists.
    CreateIndex {
        /// Its name.
        index: IndexName,
        /// Its first settings; stored as version 1.
        settings: Box<Settings>,
    },
    /// Removes an index with its products and settings; NotFound when there is none. Events stay:
    /// they belong to their shoppers.
    DeleteIndex {
        /// Its name.
        index: IndexName,
    },
    /// Replaces the settings; stored as the next version, earlier versions are kept.
    PutSettings {
        /// Of which index.
        index: IndexName,
        /// The new settings; their `version` field is the version they were made from, and a
        /// Conflict when that is no longer the latest.
        settings: Box<Settings>,
    },
    /// Inserts or replaces a product; a BadRequest when one of its numbers is not finite. It keeps
    /// its ordinal, also from before it was deleted.
    PutProduct {
        /// In which index; NotFound when there is none.
        index: IndexName,
        /// The product.
        product: Box<Product>,
        /// A Conflict unless the product's latest write is this one; `None` replaces anything.
        expected: Option<Sequence>,
    },
    /// Removes a product; NotFound when there is none.
    DeleteProduct {
        /// From which index.
        index: IndexName,
        /// Which product.
        id: ProductId,
    },
    /// Adds or replaces a key.
    PutKey(Key),
    /// Removes a key by its id; NotFound when there is none.
    DeleteKey(String),
    /// Appends an event; one with an `id` that the visitor's log already holds is dropped and
    /// answered with the sequence number of the first. A BadRequest without shopper and session.
    Record(Box<RecordedEvent>),
    /// Tells an event that waits for its product what the product is; it keeps its place in the
    /// log. NotFound when it no longer waits.
    Settle {
        /// The event's place in the order of writes.
        event: Sequence,
        /// The product that came.
        product: Box<Product>,
    },
    /// Removes an event that waits for its product; NotFound when it no longer waits.
    Expire(Sequence),
    /// Removes one event; NotFound unless it belongs to the visitor.
    RemoveEvent {
        /// To whom it belongs, as [`Store::events_of`] tells.
        visitor: Visitor,
        /// The event's place in the order of writes.
        event: Sequence,
    },
    /// Replaces a shopper's explicit preferences and consent.
    PutPreferences(ShopperId, Box<Preferences>),
    /// Removes a shopper's events and preferences, and the anonymous events of the sessions that
    /// the shopper signed in to, as far as they belong to nobody else; accepted also when there is
    /// nothing. A store on disk remembers it beside its file, so that an older copy of the file
    /// forgets the shopper when it is opened.
    EraseShopper {
        /// Who is erased.
        shopper: ShopperId,
        /// When that was asked for.
        at: Timestamp,
    },
}

/// A product with its place in the order of writes.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredProduct {
    /// The product's latest write.
    pub sequence: Sequence,
    /// The product's stable position in its index.
    pub ordinal: Ordinal,
    /// The product.
    pub product: Product,
}

/// What puts into the folder of a copy what belongs there beside the store.
pub type Beside<'a> = &'a dyn Fn(&Path) -> Result<()>;

/// Durable on return; sequence numbers only grow; replay gives the same state.
pub trait Store: Send + Sync {
    /// Carries out all writes in one transaction and answers, in order, each one's sequence number
    /// or why it was refused; a refused write changes nothing and does not stop the others.
    /// When this returns `Ok`, the accepted ones are on disk. Blocks until then; writers that wait
    /// at the same time share one disk sync.
    ///
    /// # Errors
    /// Unavailable or Internal when the transaction as a whole failed; then it is there whole or,
    /// which is nearly always so, not at all.
    fn write(&self, writes: Vec<Write>) -> Result<Vec<Result<Sequence>>>;

    /// The latest sequence number.
    ///
    /// # Errors
    /// Internal when the disk fails, Unavailable while the store is reopened after that; so for
    /// every read below.
    fn sequence(&self) -> Result<Sequence>;

    /// The names of all indexes, in order.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn indexes(&self) -> Result<Vec<IndexName>>;

    /// The sequence number of the write that made the index. What was derived from an index of the
    /// same name but another creation is of a deleted one and is thrown away.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn created(&self, index: &IndexName) -> Result<Option<Sequence>>;

    /// The latest settings of an index.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn settings(&self, index: &IndexName) -> Result<Option<Settings>>;

    /// The settings of an index as they were at a version.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn settings_at(&self, index: &IndexName, version: u64) -> Result<Option<Settings>>;

    /// One product.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn product(&self, index: &IndexName, id: &ProductId) -> Result<Option<StoredProduct>>;

    /// Several products, as they were at one moment.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn products(&self, index: &IndexName, ids: &[ProductId]) -> Result<Vec<Option<StoredProduct>>>;

    /// The latest change of each product of an index whose latest change is after `after`, in
    /// order, at most `limit`. Deleted products appear as changes without a product.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn changes(&self, index: &IndexName, after: Sequence, limit: usize) -> Result<Vec<Change>>;

    /// All keys, by id.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn keys(&self) -> Result<Vec<Key>>;

    /// The events that belong to a visitor, by time and then by sequence number: to a shopper those
    /// that name the shopper, and the anonymous ones of a session from before the shopper signed in
    /// to it; to a session the anonymous ones that belong to no shopper. See [`SignIns`].
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn events_of(&self, visitor: &Visitor) -> Result<Vec<(Sequence, RecordedEvent)>>;

    /// The shoppers who signed in to a session, each once.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn shoppers_in(&self, session: &SessionId) -> Result<Vec<ShopperId>>;

    /// The events whose product is not known yet, in order.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn waiting(&self) -> Result<Vec<(Sequence, RecordedEvent)>>;

    /// All events after `after` with their sequence numbers, in order, at most `limit`.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn events_after(&self, after: Sequence, limit: usize)
    -> Result<Vec<(Sequence, RecordedEvent)>>;

    /// A shopper's explicit preferences.
    ///
    /// # Errors
    /// Internal when the disk fails.
    fn preferences(&self, shopper: &ShopperId) -> Result<Option<Preferences>>;

    /// Writes a consistent copy of the store to the new folder `target`, which can be opened as a
    /// data directory, while others read and write. `beside` is given the unfinished folder and may
    /// put there what else belongs to the copy; all of it is written down with its checksums.
    ///
    /// # Errors
    /// Conflict when `target` exists; Unavailable or Internal when the disk fails; those of
    /// `beside`.
    fn back_up(&self, target: &Path, beside: Beside<'_>) -> Result<()>;
}
