//! The program: everything is in the library.

use std::process::ExitCode;

/// Gives back what many threads allocated and freed, which other allocators keep ever more of:
/// `docs/decisions/0012-overload.md`.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    vitrine::cli::run()
}
