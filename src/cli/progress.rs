//! Progress on a terminal; nothing is drawn where standard error is none.

use indicatif::{ProgressBar, ProgressStyle};

use super::data::PATIENCE;
use crate::domain::id::IndexName;
use crate::engine::Engine;
use crate::error::Result;

const BYTES: &str = "{prefix} {wide_bar} {bytes}/{total_bytes} {eta}";
const COUNT: &str = "{prefix} {wide_bar} {pos}/{len} {per_sec} {eta}";

/// A bar over the bytes of a file.
pub(super) fn bytes_bar(name: &str, bytes: u64) -> ProgressBar {
    styled(ProgressBar::new(bytes), BYTES, name)
}

/// A bar over so many things; the number is set later where it is not known.
pub(super) fn count_bar(name: &str, count: usize) -> ProgressBar {
    styled(ProgressBar::new(count as u64), COUNT, name)
}

fn styled(bar: ProgressBar, template: &str, name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_prefix(name.to_owned())
}

/// Waits until everything stored is searchable by word and by meaning, with a bar for the latter,
/// and tells how many products were embedded meanwhile.
pub(super) fn settle(engine: &Engine, index: &IndexName) -> Result<usize> {
    let bar = count_bar("embedding", 0);
    engine.wait_settled(index, PATIENCE, &|waiting| show_waiting(&bar, waiting))?;
    bar.finish_and_clear();
    Ok(usize::try_from(bar.length().unwrap_or(0)).unwrap_or(usize::MAX))
}

/// The bar's length is the largest number that ever waited.
pub(super) fn show_waiting(bar: &ProgressBar, waiting: usize) {
    let waiting = waiting as u64;
    let most = bar.length().unwrap_or(0).max(waiting);
    bar.set_length(most);
    bar.set_position(most - waiting);
}
