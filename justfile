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

# The models of tasks, timers, sources, parking and pools: every interleaving up to so many preemptions
loom preemptions="2":
    CARGO_TARGET_DIR=target/loom RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS={{preemptions}} cargo test --release -p bowerbird-core --lib loom
    CARGO_TARGET_DIR=target/loom RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS={{preemptions}} cargo test --release -p bowerbird-io --lib loom
    CARGO_TARGET_DIR=target/loom RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS={{preemptions}} cargo test --release -p bowerbird-executor --lib loom

# Models of more threads than loom can go through, at random; a failure tells how to play it again
shuttle *filter:
    CARGO_TARGET_DIR=target/shuttle RUSTFLAGS="--cfg loom --cfg shuttle -C debug-assertions=on" cargo test --release -p bowerbird-executor --lib programs -- {{filter}}

# Thousands of random programs; `just soak --seconds 3600 --workers 8`, or a failure's `--seed`
soak *options:
    cargo test --profile soak -p bowerbird-tests --test soak -- {{options}}

# All tests of the public API and a soak with a scheduler that takes its liberties; a seed is printed
chaos *options:
    CARGO_TARGET_DIR=target/chaos RUSTFLAGS="--cfg bowerbird_chaos" cargo test -p bowerbird-tests --test it -- --skip costs
    CARGO_TARGET_DIR=target/chaos RUSTFLAGS="--cfg bowerbird_chaos" cargo test --profile soak -p bowerbird-tests --test soak -- {{options}}

# Undefined behaviour in the task cell (nightly, with miri and rust-src)
miri *filter:
    .ci/checkers miri {{filter}}

# Data races, with a std built for it (nightly, with rust-src)
tsan *filter:
    .ci/checkers tsan {{filter}}

# Memory used too late, twice or beyond its end, and leaks (nightly)
asan *filter:
    .ci/checkers asan {{filter}}

# The assertions that std leaves out (nightly, with rust-src; cargo-careful)
careful *filter:
    .ci/checkers careful {{filter}}

# Memory, by valgrind
memcheck *filter:
    .ci/checkers memcheck {{filter}}

# Licences, bans and sources of what is in the tree; needs no network (cargo-deny)
deny:
    cargo deny --offline check bans licenses sources

# Known weaknesses; `just audit --db FOLDER --no-fetch --stale` needs no network (cargo-audit)
audit *options:
    cargo audit {{options}}

# Libraries that need tokio, each run by an example of its own
integrations:
    cargo run --manifest-path integrations/Cargo.toml --target-dir target --example reqwest
    cargo run --manifest-path integrations/Cargo.toml --target-dir target --example tonic

# Measure against other runtimes; `just bench --quick` for a look
bench *options:
    cargo run --release -p bowerbird-benches -- {{options}}

# The same with tokio's switches that are off by default in a column beside it: a second build
bench-opt *options:
    cargo build --release -p bowerbird-benches
    CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/opt" RUSTFLAGS="--cfg tokio_unstable" cargo build --release -p bowerbird-benches
    cargo run --release -p bowerbird-benches -- {{options}}

# The same with mimalloc in rows beside the others: a second build
bench-mimalloc *options:
    cargo build --release -p bowerbird-benches
    CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/mimalloc" cargo build --release -p bowerbird-benches --features mimalloc
    cargo run --release -p bowerbird-benches -- --mimalloc {{options}}

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
