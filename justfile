# `just` lists the recipes; each is a command that also works without just.

_default:
    @just --list

# Exactly what continuous integration runs
ci:
    .ci/run

# Every test; arguments are those of cargo test
test *arguments:
    scripts/test {{arguments}}

# The sample shop on http://127.0.0.1:7700
demo:
    cargo run --release -- demo

# Format the source
fmt:
    cargo fmt
