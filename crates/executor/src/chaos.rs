//! Disorder on purpose: under `--cfg bowerbird_chaos` a pool takes liberties that it has anyway, at
//! random and all the time, so that no test passes by the grace of a usual order.
//!
//! Asked by `worker` where order is a choice: whether a woken task gets the slot, whether it goes
//! to the worker's own queue or to the common one, with whom a search begins. Without the flag the
//! answers are constants and nothing of this is compiled. A loop of one thread, whose order is a
//! promise, never asks (I9).

#[cfg(bowerbird_chaos)]
use std::sync::OnceLock;

/// Whether there is to be disorder.
pub(crate) const IS_ON: bool = cfg!(bowerbird_chaos);

/// Where the generator of worker `index` begins; never zero.
#[cfg(not(bowerbird_chaos))]
pub(crate) fn seed(index: usize) -> u64 {
    0x9E37_79B9_7F4A_7C15 ^ (index as u64 + 1)
}

#[cfg(bowerbird_chaos)]
pub(crate) fn seed(index: usize) -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = *SEED.get_or_init(|| {
        let seed = crate::config::chaos_from_environment().unwrap_or_else(any_seed);
        eprintln!("bowerbird_chaos: BOWERBIRD_CHAOS_SEED={seed} makes these choices again");
        seed
    });
    // Odd factors lose no bit, so workers differ wherever seeds do.
    (seed ^ (index as u64 + 1)).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1
}

/// A seed that nobody has chosen.
#[cfg(bowerbird_chaos)]
fn any_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};

    RandomState::new().hash_one(std::process::id()) >> 32
}
