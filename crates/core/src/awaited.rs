//! What a task waits for, as notes for people who look at a loop that is stuck.
//!
//! Whatever says Pending inside a poll may leave a note in the task under poll: awaiting a task or
//! a promise does here; sleeps, lines, sockets, signals, processes and groups do in the facade.
//! Notes are kept from the first loop on that is in debug mode; before that a note costs one load.
//! The executor forgets them when the next poll begins.
//! Nothing here decides anything: a wrong note misleads a reader, and nobody else.

// std's and not loom's: it lives in a static, and orders nothing.
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cell::with_current;
use crate::id::TaskId;

/// Whether notes are kept.
static KEPT: AtomicBool = AtomicBool::new(false);

/// Notes of one poll; what comes later is not kept.
const NOTES_MAX: usize = 16;

/// Something a task waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Awaited {
    /// Another task, or a blocking call.
    Task(TaskId),
    /// The time.
    Timer,
    /// A place in a line, of the type that is named: a lock's, a queue's.
    Line(&'static str),
    /// A promise that somebody keeps.
    Promise,
    /// Something to read, from a source of the type that is named: a socket, a pipe.
    Input(&'static str),
    /// Room to write, in a source of the type that is named.
    Output(&'static str),
    /// A signal with this number.
    Signal(i32),
    /// The end of the process with this number.
    Process(u32),
}

/// Keeps notes from now on, in all tasks that are created from now on.
pub fn keep_notes() {
    // Relaxed: a switch, which orders nothing.
    KEPT.store(true, Ordering::Relaxed);
}

/// Notes that the task under poll waits for something.
#[inline]
pub fn note(awaited: Awaited) {
    // Relaxed: as in `keep_notes`.
    if KEPT.load(Ordering::Relaxed) {
        keep(awaited);
    }
}

/// Notes that the task under poll waits for all of these. They are asked for only while notes are
/// kept; user code must not run in them.
#[inline]
pub fn note_all(awaited: impl IntoIterator<Item = Awaited>) {
    // Relaxed: as in `keep_notes`.
    if KEPT.load(Ordering::Relaxed) {
        awaited.into_iter().take(NOTES_MAX).for_each(keep);
    }
}

#[cold]
fn keep(awaited: Awaited) {
    with_current(|task| {
        // A task without a place was not created in debug mode: nobody will forget its notes.
        let cold = task.and_then(|task| task.header().existing_cold());
        if let Some(cold) = cold.filter(|cold| cold.location.is_some()) {
            let mut parts = cold.parts();
            if parts.awaits.len() < NOTES_MAX && !parts.awaits.contains(&awaited) {
                parts.awaits.push(awaited);
            }
        }
    });
}
