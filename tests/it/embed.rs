//! Embeddings: agreement with the float model and between the runtimes, order, independence of
//! neighbours, and the ways to choose, cache and fake a model.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use vitrine::embed::builtin::BuiltinEmbedder;
use vitrine::embed::cached::CachedEmbedder;
use vitrine::embed::fast::{FastEmbedder, find_library, hub_models};
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::embed::{Embedder, Embedding, Places, Preference, choose};
use vitrine::error::{Error, Result};

const TITLES: &str = include_str!("../cases/titles.txt");
const REFERENCE: &str = include_str!("../cases/embeddings.jsonl");

static BUILTIN: LazyLock<BuiltinEmbedder> = LazyLock::new(|| BuiltinEmbedder::new(2).unwrap());

/// The library that the environment names; tests of ONNX Runtime are skipped without it.
fn library() -> Option<PathBuf> {
    let named = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    if named.is_none() {
        eprintln!("skipped: ORT_DYLIB_PATH is not set; scripts/onnxruntime.sh prints a path");
    }
    named
}

fn titles() -> Vec<&'static str> {
    TITLES.lines().collect()
}

fn one(embedder: &dyn Embedder, text: &str) -> Embedding {
    embedder.embed(&[text]).unwrap().remove(0)
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// The ten texts nearest to `query`, itself left out.
fn nearest(query: usize, embeddings: &[Embedding]) -> HashSet<usize> {
    let mut others: Vec<usize> = (0..embeddings.len()).filter(|&at| at != query).collect();
    let score = |at: usize| embeddings[query].dot(&embeddings[at]);
    others.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
    others.into_iter().take(10).collect()
}

fn top_10_overlap(a: &[Embedding], b: &[Embedding]) -> f64 {
    let shared: usize =
        (0..a.len()).map(|at| nearest(at, a).intersection(&nearest(at, b)).count()).sum();
    shared as f64 / (10 * a.len()) as f64
}

fn assert_agrees_with_float_model(embedder: &dyn Embedder) {
    for line in REFERENCE.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let exact: Vec<f32> = serde_json::from_value(case["embedding"].clone()).unwrap();
        let text = case["text"].as_str().unwrap();
        let found = cosine(one(embedder, text).as_slice(), &exact);
        assert!(found > 0.99, "{text}: cosine {found} to the float model");
    }
}

fn assert_independent_of_neighbours(embedder: &dyn Embedder) {
    let long = "waterproof breathable windproof jacket with many pockets ".repeat(12);
    let mut texts = titles();
    texts.insert(3, &long);
    texts.insert(5, "mug");
    texts.insert(7, "");
    let together = embedder.embed(&texts).unwrap();
    for (text, embedding) in texts.iter().zip(&together) {
        let found = one(embedder, text).dot(embedding);
        assert!(found > 0.9995, "{text:?}: cosine {found} between alone and in a batch");
    }
}

#[test]
fn builtin_agrees_with_the_float_model() {
    assert_agrees_with_float_model(&*BUILTIN);
}

#[test]
fn builtin_does_not_mix_neighbours() {
    assert_independent_of_neighbours(&*BUILTIN);
}

#[test]
fn embeddings_have_unit_length_and_the_stated_size() {
    for embedder in [&*BUILTIN as &dyn Embedder, &HashingEmbedder] {
        for embedding in embedder.embed(&titles()).unwrap() {
            assert_eq!(embedding.as_slice().len(), embedder.dimensions());
            assert!((embedding.dot(&embedding) - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(BUILTIN.embed(&[]).unwrap(), []);
    assert_eq!(HashingEmbedder.embed(&[]).unwrap(), []);
}

#[test]
fn meaning_is_nearer_than_spelling() {
    let query = one(&*BUILTIN, "something to listen to music on the train");
    let headphones = one(&*BUILTIN, "Wireless noise cancelling headphones");
    let shoes = one(&*BUILTIN, "Running shoes, train harder");
    assert!(query.dot(&headphones) > query.dot(&shoes));
}

#[test]
fn text_behind_the_limit_is_not_read() {
    let start = "shoe ".repeat(200);
    let more = format!("{start} espresso machine");
    assert_eq!(one(&*BUILTIN, &start), one(&*BUILTIN, &more));
}

#[test]
fn many_threads_get_the_same_answers() {
    let texts = titles();
    let alone = BUILTIN.embed(&texts[..8]).unwrap();
    std::thread::scope(|scope| {
        let handles: Vec<_> =
            (0..4).map(|_| scope.spawn(|| BUILTIN.embed(&texts[..8]).unwrap())).collect();
        for handle in handles {
            assert_eq!(handle.join().unwrap(), alone);
        }
    });
}

#[test]
fn fast_agrees_with_the_float_model_and_does_not_mix_neighbours() {
    let Some(library) = library() else { return };
    let fast = FastEmbedder::shipped(&library, 2).unwrap();
    assert_agrees_with_float_model(&fast);
    assert_independent_of_neighbours(&fast);
    assert_eq!(fast.embed(&[]).unwrap(), []);
}

#[test]
fn both_runtimes_may_share_an_index() {
    let Some(library) = library() else { return };
    let fast = FastEmbedder::shipped(&library, 2).unwrap();
    assert_eq!(fast.id(), BUILTIN.id());
    assert_eq!(fast.dimensions(), BUILTIN.dimensions());
    let (a, b) = (fast.embed(&titles()).unwrap(), BUILTIN.embed(&titles()).unwrap());
    for ((title, a), b) in titles().iter().zip(&a).zip(&b) {
        assert!(a.dot(b) > 0.99, "{title}: cosine {} between the runtimes", a.dot(b));
    }
    let overlap = top_10_overlap(&a, &b);
    assert!(overlap > 0.95, "the runtimes share {overlap} of the ten nearest");
}

#[test]
fn a_missing_library_is_an_error_and_not_a_panic() {
    let missing = Path::new("/nowhere/libonnxruntime.so");
    let error = FastEmbedder::shipped(missing, 1).err().unwrap();
    // Where another test has loaded a library already, a second one is refused.
    assert!(matches!(error, Error::Unavailable(_) | Error::Conflict(_)), "{error:?}");
    assert!(!error.problem().hint.is_empty());
}

#[test]
fn a_library_is_found_by_name_and_beside_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let named = Path::new("/opt/libonnxruntime.so");
    assert_eq!(find_library(Some(named), Some(folder.path())), Some(named.to_path_buf()));
    std::fs::write(folder.path().join("libonnxruntime_providers_shared.so"), "").unwrap();
    let beside = folder.path().join("libonnxruntime.so.1.31.1");
    std::fs::write(&beside, "").unwrap();
    assert_eq!(find_library(None, Some(folder.path())), Some(beside));
}

#[test]
fn models_of_the_hub_are_listed_by_name() {
    let models = hub_models();
    let small = models.iter().find(|model| model.name == "BGESmallENV15").unwrap();
    assert_eq!((small.dimensions, small.repository.as_str()), (384, "Xenova/bge-small-en-v1.5"));
    let names: HashSet<&str> = models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names.len(), models.len());
}

#[test]
fn an_unknown_model_is_not_found() {
    let missing = Path::new("/nowhere");
    let error = FastEmbedder::from_hub("NoSuchModel", missing, missing, 1).err().unwrap();
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");
}

fn places(library: Option<PathBuf>) -> Places {
    Places { library, beside: None, cache_dir: PathBuf::from("/nowhere"), workers: 1 }
}

#[test]
fn the_shipped_model_serves_with_or_without_onnx_runtime() {
    let chosen = choose(&Preference::Automatic, &places(None)).unwrap();
    assert_eq!(chosen.id(), BUILTIN.id());
    let chosen = choose(&Preference::Builtin, &places(None)).unwrap();
    assert_eq!(chosen.id(), BUILTIN.id());
}

#[test]
fn a_named_library_must_work() {
    let named = places(Some(PathBuf::from("/nowhere/libonnxruntime.so")));
    for preference in [Preference::Automatic, Preference::OnnxRuntime] {
        assert!(choose(&preference, &named).is_err(), "{preference:?}");
    }
}

#[test]
fn preferences_are_read_from_their_names() {
    assert_eq!(Preference::parse("auto"), Preference::Automatic);
    assert_eq!(Preference::parse("onnxruntime"), Preference::OnnxRuntime);
    assert_eq!(Preference::parse("builtin"), Preference::Builtin);
    assert_eq!(Preference::parse("hashing"), Preference::Hashing);
    assert_eq!(Preference::parse("BGEM3"), Preference::Hub("BGEM3".to_owned()));
}

#[test]
fn hashing_puts_words_that_share_parts_near() {
    let query = one(&HashingEmbedder, "running shoe");
    let near = one(&HashingEmbedder, "Shoes for runners, RUNNING");
    let far = one(&HashingEmbedder, "espresso machine");
    assert!(query.dot(&near) > query.dot(&far) + 0.2);
    assert_eq!(query, one(&HashingEmbedder, "Running, SHOE!"));
    assert_eq!(choose(&Preference::Hashing, &places(None)).unwrap().id(), HashingEmbedder.id());
}

/// Counts the texts that reach the embedder behind a cache.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Embedder for Counting {
    fn id(&self) -> &str {
        HashingEmbedder.id()
    }

    fn dimensions(&self) -> usize {
        HashingEmbedder.dimensions()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        self.0.fetch_add(texts.len(), Ordering::Relaxed);
        HashingEmbedder.embed(texts)
    }
}

#[test]
fn a_cache_answers_as_its_embedder_and_keeps_queries() {
    let counting = Arc::new(Counting::default());
    let cached = CachedEmbedder::new(counting.clone(), NonZeroUsize::new(2).unwrap());
    assert!(cached.is_empty());
    let long = "word ".repeat(100);
    let asked = |texts: &[&str]| {
        let before = counting.0.load(Ordering::Relaxed);
        assert_eq!(cached.embed(texts).unwrap(), HashingEmbedder.embed(texts).unwrap());
        counting.0.load(Ordering::Relaxed) - before
    };
    assert_eq!([asked(&["a"]), asked(&["b"]), asked(&["a"])], [1, 1, 0]);
    assert_eq!(asked(&["b", "c", "a"]), 1, "a catalogue's text may be known as a query");
    assert_eq!(asked(&["c"]), 1, "but is not kept for being in a catalogue");
    assert_eq!([asked(&[&long]), asked(&[&long])], [1, 1], "what is long is no query");
    assert_eq!(cached.len(), 2);
    assert_eq!((cached.id(), cached.dimensions()), (counting.id(), counting.dimensions()));
}
