//! Promises of the keeper that no loop can stage.

use std::sync::Arc;

use rustix::process::{Signal, getpid, kill_process};

use super::*;

/// One that no other test sends; by default it ends the process.
const NUMBER: i32 = libc::SIGVTALRM;

#[test]
fn a_signal_that_was_heard_does_not_do_the_default_as_well() {
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = heard.clone();
    let claim = Claim::new(NUMBER, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        // As if the thread that waits had heard, and dropped its claim, before the next action.
        listeners(NUMBER).store(0, Ordering::SeqCst);
    });
    let claim = claim.unwrap();
    kill_process(getpid(), Signal::from_named_raw(NUMBER).unwrap()).unwrap();
    while heard.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    listeners(NUMBER).store(1, Ordering::SeqCst);
    drop(claim);
    assert!(!is_listened_to(NUMBER));
}
