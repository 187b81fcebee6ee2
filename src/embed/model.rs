//! The shipped model: its bytes, its name and its limits, shared by both runtimes.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The 8-bit ONNX file; `index/model/README.md` says how it is made and how good it is.
pub(super) static MODEL: &[u8] = include_bytes!("../../index/model/model.onnx");

/// The tokenizer that the model was trained with.
pub(super) static TOKENIZER: &[u8] = include_bytes!("../../index/model/tokenizer.json");

/// Components of an embedding.
pub(super) const DIMENSIONS: usize = 384;

/// Tokens read of a text, the two markers included; what is behind them is not seen. The model was
/// trained on 128 tokens, and the time for a text grows with its tokens.
pub(super) const TOKENS_MAX: usize = 128;

/// Stands for the model in an index: its name and what its vectors depend on. The two runtimes
/// share it, since their vectors agree enough to share an index.
pub(super) static ID: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    hash.update(MODEL);
    hash.update(TOKENIZER);
    hash.update(TOKENS_MAX.to_le_bytes());
    let digest: String = hash.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("all-MiniLM-L6-v2-{digest}")
});
