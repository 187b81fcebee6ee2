//! Hands libFuzzer's bytes to the target `stored_embeddings`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(
    // The store's engine may panic over damaged files, which is caught where they are opened;
    // libFuzzer's own hook would end the process before that. What nobody catches still ends it.
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |bytes: &[u8]| targets::run("stored_embeddings", bytes)
);
