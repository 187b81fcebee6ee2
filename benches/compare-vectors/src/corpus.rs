//! The synthetic corpus: clustered unit vectors of 384 dimensions that lie near a 64-d subspace, as
//! sentence embeddings do, and exact answers to its queries.

use fixedbitset::FixedBitSet;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

pub const DIMENSIONS: usize = 384;
const LATENT: usize = 64;
const PRODUCTS_PER_CLUSTER: usize = 50;

pub struct Corpus {
    pub vectors: Vec<Vec<f32>>,
    pub queries: Vec<Vec<f32>>,
}

fn normals(rng: &mut StdRng, count: usize) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

impl Corpus {
    pub fn new(count: usize, query_count: usize, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let projection = normals(&mut rng, LATENT * DIMENSIONS);
        let clusters: Vec<Vec<f32>> =
            (0..count / PRODUCTS_PER_CLUSTER).map(|_| normals(&mut rng, LATENT)).collect();
        let mut draw = |place: usize| {
            // A cluster by a multiplicative hash, so that neighbours in order are not in meaning.
            let centre = &clusters[place.wrapping_mul(2_654_435_761) % clusters.len()];
            let noise = normals(&mut rng, LATENT);
            let latent: Vec<f32> = centre.iter().zip(&noise).map(|(c, n)| c + 0.7 * n).collect();
            let mut vector = normals(&mut rng, DIMENSIONS);
            for (index, value) in vector.iter_mut().enumerate() {
                let along = latent.iter().zip(&projection[index * LATENT..]);
                *value += along.map(|(one, other)| one * other).sum::<f32>();
            }
            let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
            vector.iter_mut().for_each(|value| *value /= length);
            vector
        };
        let vectors = (0..count).map(&mut draw).collect();
        let queries = (0..query_count).map(|place| draw(place * 7919)).collect();
        Self { vectors, queries }
    }

    /// The nearest `k` by float arithmetic, best first.
    pub fn exact(&self, query: &[f32], k: usize, allowed: Option<&FixedBitSet>) -> Vec<u32> {
        let places = (0..self.vectors.len()).filter(|place| allowed.is_none_or(|set| set[*place]));
        let mut scored: Vec<(f32, u32)> = places
            .map(|place| {
                let pairs = self.vectors[place].iter().zip(query);
                (pairs.map(|(one, other)| one * other).sum(), place as u32)
            })
            .collect();
        scored.sort_by(|one, other| other.0.total_cmp(&one.0));
        scored.into_iter().take(k).map(|(_, place)| place).collect()
    }
}

pub fn quantise(vector: &[f32]) -> Vec<i8> {
    let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    vector.iter().map(|value| (value * 127.0 / largest).round() as i8).collect()
}
