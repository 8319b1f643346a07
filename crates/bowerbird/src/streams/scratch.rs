//! Where bytes arrive before it is known how many, or where they go: a few buffers for each thread,
//! so that ten thousand connections that wait need no memory for it.

use std::cell::Cell;

/// What a single read asks for.
pub(crate) const CHUNK: usize = 64 * 1024;

thread_local! {
    /// Those that nobody on this thread uses. More than one only where links are nested: TLS reads
    /// while a reader does.
    static IDLE: Cell<Vec<Vec<u8>>> = const { Cell::new(Vec::new()) };
}

/// Calls `f` with [`CHUNK`] bytes, whatever is in them.
pub(crate) fn with_scratch<R>(f: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut idle = IDLE.take();
    let mut scratch = idle.pop().unwrap_or_else(|| vec![0; CHUNK]);
    IDLE.set(idle);
    let result = f(&mut scratch);
    let mut idle = IDLE.take();
    idle.push(scratch);
    IDLE.set(idle);
    result
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, with_scratch};

    #[test]
    fn nested_users_have_buffers_of_their_own() {
        with_scratch(|outer| {
            outer.fill(1);
            with_scratch(|inner| inner.fill(2));
            assert_eq!((outer.len(), outer[0], outer[CHUNK - 1]), (CHUNK, 1, 1));
        });
    }
}
