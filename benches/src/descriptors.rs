//! Room for thousands of connections: most systems start a process with a thousand descriptors, and
//! let it have more if it asks.
//!
//! Children and the load ask once, before they open any.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than any workload needs.
const ENOUGH: u64 = 1 << 16;

/// As many descriptors as the process may have.
pub(crate) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
    if current.is_some_and(|current| current < wanted) {
        let current = Some(wanted);
        // Whoever then needs more than there are fails, and says so.
        let _refused = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    }
}
