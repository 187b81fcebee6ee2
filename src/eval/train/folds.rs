//! Which queries are kept aside together.

use crate::eval::random::SplitMix;

/// The fold of each query of sets of `sizes` queries, below `folds`: by chance, every query in one,
/// and each set spread over the folds as evenly as can be. The same seed gives the same folds.
pub fn folds(sizes: &[usize], folds: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut random = SplitMix(seed);
    let mut of_set = |size: &usize| {
        let mut assigned = vec![0; *size];
        for (place, query) in random.order(*size).into_iter().enumerate() {
            assigned[query] = place % folds.max(1);
        }
        assigned
    };
    sizes.iter().map(&mut of_set).collect()
}
