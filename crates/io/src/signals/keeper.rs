//! What a signal does while nobody listens to it.
//!
//! A handler that was installed once stays: other libraries may have been chained behind it. So
//! when a signal had the default disposition before its first listener came, one action of its
//! handler, the keeper, does by hand what the default would do. `signals` alone calls this.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::interrupts;
use crate::sys::signals::{self as sys, Registration};

#[cfg(test)]
#[cfg(unix)]
mod tests;

/// How many listeners each signal has. Read by keepers, inside the system's handler.
static LISTENERS: [AtomicUsize; NUMBERS] = [const { AtomicUsize::new(0) }; NUMBERS];

/// Room for an entry a signal number.
const NUMBERS: usize = sys::LAST.unsigned_abs() as usize + 1;

/// Signals whose handler is installed, by number.
static BOOK: Mutex<Book> = Mutex::new(Book(BTreeMap::new()));

/// See [`BOOK`].
struct Book(BTreeMap<i32, Kept>);

/// What is known of a signal whose handler is installed for good.
#[derive(Clone, Copy)]
struct Kept {
    /// It had the default disposition before.
    was_default: bool,
    /// What was installed.
    handler: sys::Disposition,
}

/// A listener's part in the process: it is counted, and its action is among the handler's. When
/// the last one of a signal drops, the signal does again what it did before the first.
#[derive(Debug)]
pub struct Claim {
    /// Which signal.
    number: i32,
    /// Its action.
    registration: Registration,
}

impl Claim {
    /// Counts a listener and runs `action` at each signal, inside the system's handler.
    ///
    /// `number` has been checked.
    pub(super) fn new(number: i32, action: impl Fn() + Send + Sync + 'static) -> io::Result<Claim> {
        // SeqCst here, in `drop` and in `keep`: signals are rare, and one order is easy to believe.
        listeners(number).fetch_add(1, Ordering::SeqCst);
        match install(number, action) {
            Ok(registration) => Ok(Claim {
                number,
                registration,
            }),
            Err(error) => {
                listeners(number).fetch_sub(1, Ordering::SeqCst);
                Err(error)
            }
        }
    }
}

impl Book {
    /// Installs the keeper of a signal that had the default disposition, and remembers both.
    fn keep(&mut self, number: i32, was_default: bool) -> io::Result<()> {
        if was_default {
            // Never released: for as long as the handler is there, so is its keeper.
            sys::catch(number, move || keep(number))?;
        }
        let handler = sys::disposition(number)?;
        let kept = Kept {
            was_default,
            handler,
        };
        self.0.insert(number, kept);
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // In this order, a signal that comes in between does what it will do from now on.
        listeners(self.number).fetch_sub(1, Ordering::SeqCst);
        self.registration.release();
    }
}

/// Adds an action; the keeper of a signal stands before all of them. It looks whether anybody
/// listens before anybody can have heard: whoever hears may cease to listen at once, and the same
/// signal would do the default as well.
fn install(number: i32, action: impl Fn() + Send + Sync + 'static) -> io::Result<Registration> {
    let mut book = lock();
    if !book.0.contains_key(&number) {
        let was_default = sys::disposition(number)?.is_default();
        book.keep(number, was_default)?;
    }
    drop(book);
    sys::catch(number, action)
}

/// Sees to it that a signal with the default disposition has a handler, and its keeper in it.
pub(super) fn ensure(number: i32) -> io::Result<()> {
    let mut book = lock();
    if book.0.contains_key(&number) {
        return Ok(());
    }
    book.keep(number, true)
}

/// Whether a signal does the default when nobody listens, and no other library has it.
pub(super) fn is_default(number: i32) -> io::Result<bool> {
    let current = sys::disposition(number)?;
    Ok(match lock().0.get(&number) {
        Some(kept) => kept.was_default && kept.handler == current,
        None => current.is_default(),
    })
}

/// Whether anybody listens.
pub(super) fn is_listened_to(number: i32) -> bool {
    listeners(number).load(Ordering::SeqCst) > 0
}

/// Inside the system's handler: does the default, unless somebody listens.
fn keep(number: i32) {
    if !is_listened_to(number) && !interrupts::take(number) {
        sys::do_default(number);
    }
}

fn listeners(number: i32) -> &'static AtomicUsize {
    let index = usize::try_from(number).expect("numbers are checked before they are counted");
    &LISTENERS[index]
}

/// The book. No user code runs under this lock, so a poisoned one is as good as new.
fn lock() -> MutexGuard<'static, Book> {
    BOOK.lock().unwrap_or_else(PoisonError::into_inner)
}
