//! What shoppers do.

use serde::{Deserialize, Serialize};

use super::id::{IndexName, ProductId, SessionId, ShopperId};
use super::product::Product;
use super::time::Timestamp;

/// What a shopper did with a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The product page was shown.
    View,
    /// A hit was clicked.
    Click,
    /// Put into the cart.
    AddToCart,
    /// Bought.
    Purchase,
    /// Marked as a favourite.
    Favorite,
    /// "Not for me": negative.
    Dismiss,
    /// Sent back: negative.
    Return,
    /// A search was made; `query` holds its text.
    Search,
}

/// One thing that one shopper did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What was done.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// The shop's own identifier of this event; events with the same one count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who did it; an event without a shopper needs a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shopper: Option<ShopperId>,
    /// In which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// In which index.
    pub index: IndexName,
    /// With which product; required for every kind but `search`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// Which piece of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_sku: Option<String>,
    /// The search answer that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// The text searched for, for `search`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Position of the hit, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Pieces, for cart and purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
    /// Price of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// When; the server's time of receipt when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// What the product was when the shopper chose it: kept with the event, so that a profile is a
/// fold of events alone and does not change when the catalogue does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The product's brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The product's category path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<String>,
    /// The size chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The colour chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The price of one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// The product's title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Since when the product is waited for, where the catalogue did not have it; then all of the
    /// above is empty, and the event counts for nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_since: Option<Timestamp>,
}

impl Choice {
    /// What the product is at this moment, with the piece that was chosen.
    pub fn of(product: &Product, event: &Event) -> Self {
        let chosen = event.variant_sku.as_ref();
        let variant = chosen
            .and_then(|sku| product.variants.iter().find(|one| one.sku.as_ref() == Some(sku)));
        let color = variant.and_then(|variant| variant.color.clone());
        Self {
            brand: product.brand.clone(),
            category: product.category.clone(),
            size: variant.and_then(|variant| variant.size.clone()),
            color: color.or_else(|| product.color.clone()),
            price: event.price.or(variant.and_then(|variant| variant.price)).or(product.price),
            title: product.title.clone(),
            unknown_since: None,
        }
    }
}

/// An event as it is kept: with its time and with what was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// The event with `timestamp` filled in.
    pub event: Event,
    /// When it happened.
    pub at: Timestamp,
    /// What the product was at that time; empty for searches.
    #[serde(default)]
    pub choice: Choice,
}

impl Event {
    /// A purchase of one piece, of which no more is known.
    pub fn purchase(shopper: ShopperId, index: IndexName, product: ProductId) -> Self {
        Self {
            kind: EventKind::Purchase,
            id: None,
            shopper: Some(shopper),
            session: None,
            index,
            product_id: Some(product),
            variant_sku: None,
            query_id: None,
            query: None,
            position: None,
            quantity: None,
            price: None,
            timestamp: None,
        }
    }

    /// The shopper's id, or the session's for an anonymous visitor: the key of a profile.
    pub fn visitor(&self) -> Option<Visitor> {
        Visitor::from_parts(self.shopper.as_ref(), self.session.as_ref())
    }
}

/// Whom a profile belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Visitor {
    /// A known shopper.
    Shopper(ShopperId),
    /// An anonymous session.
    Session(SessionId),
}

impl Visitor {
    /// The shopper when known, else the session.
    pub fn from_parts(shopper: Option<&ShopperId>, session: Option<&SessionId>) -> Option<Self> {
        shopper
            .map(|id| Self::Shopper(id.clone()))
            .or_else(|| session.map(|id| Self::Session(id.clone())))
    }

    /// A text that is unique over shoppers and sessions.
    pub fn key(&self) -> String {
        match self {
            Self::Shopper(id) => format!("shopper:{id}"),
            Self::Session(id) => format!("session:{id}"),
        }
    }
}
