# The commands of the house; `just` alone lists them. CI runs `.ci/run`, which is `check` and more.

default:
    @just --list

# Format, lints, docs and tests: what a change must pass
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps
    cargo test --workspace

# All tests; with a name, those that contain it
test *name:
    cargo test --workspace {{name}}

# The models of both state machines, every interleaving up to so many preemptions
loom preemptions="2":
    CARGO_TARGET_DIR=target/loom RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS={{preemptions}} cargo test --release -p bowerbird-core --lib loom
    CARGO_TARGET_DIR=target/loom RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS={{preemptions}} cargo test --release -p bowerbird-executor --lib loom

# Thousands of random programs; `just soak --seconds 3600 --workers 8`, or a failure's `--seed`
soak *options:
    cargo test --profile soak -p bowerbird-tests --test soak -- {{options}}

# Measure against other runtimes; `just bench --quick` for a look
bench *options:
    cargo run --release -p bowerbird-benches -- {{options}}

# Instructions per operation against the recorded ones; `just counts --record` records on purpose
counts *options:
    cargo run --release -p bowerbird-benches -- --counts {{options}}

# Let the tools mend what they can
fix:
    cargo fmt --all
    cargo clippy --workspace --all-targets --all-features --fix --allow-dirty --allow-staged

# All that CI runs
ci:
    .ci/run
