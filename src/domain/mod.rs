//! The words of the shop: products, shoppers, filters, searches and pages. No I/O; uses nothing.

pub mod change;
pub mod deadline;
pub mod event;
pub mod filter;
pub mod id;
pub mod page;
pub mod product;
pub mod schedule;
pub mod search;
pub mod size;
pub mod time;
pub mod value;
