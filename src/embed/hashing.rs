//! An embedder without a model, for tests: words and their parts hashed into a few dimensions.

use super::{Embedder, Embedding};
use crate::error::Result;

const DIMENSIONS: usize = 256;
const GRAM: usize = 3;
const WORD_WEIGHT: f32 = 1.0;
const GRAM_WEIGHT: f32 = 0.5;

/// Texts that share words, or words that share parts, come out near each other. It knows nothing
/// of meaning, and is the same on every machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashingEmbedder;

impl Embedder for HashingEmbedder {
    fn id(&self) -> &str {
        "hashing-256-v1"
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        Ok(texts.iter().map(|text| embed(text)).collect())
    }
}

fn embed(text: &str) -> Embedding {
    let mut values = vec![0.0; DIMENSIONS];
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        add(&mut values, word, WORD_WEIGHT);
        let framed: Vec<char> = format!("<{word}>").chars().collect();
        for gram in framed.windows(GRAM) {
            add(&mut values, &gram.iter().collect::<String>(), GRAM_WEIGHT);
        }
    }
    Embedding::normalised(values)
}

/// Adds or subtracts by one bit of the hash, so that chance meetings cancel out.
fn add(values: &mut [f32], feature: &str, weight: f32) {
    let hash = fnv1a(feature);
    let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
    let at = usize::try_from((hash >> 8) % DIMENSIONS as u64).unwrap_or(0);
    values[at] += sign * weight;
}

/// FNV-1a with a final mix: short inputs alone leave its high bits much alike.
fn fnv1a(feature: &str) -> u64 {
    let hash = feature.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}
