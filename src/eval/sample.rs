//! Random places of a list.

use super::random::SplitMix;

/// `count` places below `end`, some perhaps several times; none where there is nothing to choose.
pub fn sample(end: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut random = SplitMix(seed);
    (0..if end > 0 { count } else { 0 }).map(|_| random.below(end)).collect()
}
