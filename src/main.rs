//! The program: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives back what many threads allocated and freed. The system's allocator kept ever more of it
/// under a shop's load, while a tenth was in use: `docs/decisions/0012-overload.md`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    vitrine::cli::run()
}
