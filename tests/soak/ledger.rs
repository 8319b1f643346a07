//! What a scenario has begun and ended, and what it has to complain of. Scenarios write here, the
//! watchdog reads it, and a run ends by looking whether everything that began has ended.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dice::Dice;

/// What comes later than this after its time has been stalled. Far more than a loop ever needs:
/// test machines are slow and shared.
const LATE: Duration = Duration::from_secs(5);

/// One scenario's account of one run.
pub(crate) struct Ledger {
    /// The scenario.
    name: &'static str,
    /// Tasks, calls and threads that were begun.
    begun: AtomicU64,
    /// Those of them that are gone: returned, were dropped or panicked.
    ended: AtomicU64,
    /// Steps on the way, so that one who works long does not look like one who hangs.
    moves: AtomicU64,
    /// Whether anything may fail by now: the loop is closing, or descriptors are scarce.
    is_lenient: AtomicBool,
    /// Whether foreign threads may still call into the loop; a closed one refuses them with a
    /// panic. Held while they do.
    is_open: Mutex<bool>,
    /// What must not be; the first one counts, the rest may follow from it.
    complaints: Mutex<Vec<String>>,
}

// All Relaxed here: the numbers order nothing, and those who compare them have joined the threads
// that wrote them, or look again.
impl Ledger {
    pub(crate) fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            name,
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            moves: AtomicU64::new(0),
            is_lenient: AtomicBool::new(false),
            is_open: Mutex::new(true),
            complaints: Mutex::default(),
        })
    }

    /// Counts something that begins; it ends when the entry is dropped.
    #[must_use]
    pub(crate) fn enter(self: &Arc<Self>) -> Entry {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.step();
        Entry(self.clone())
    }

    /// Something went on.
    pub(crate) fn step(&self) {
        self.moves.fetch_add(1, Ordering::Relaxed);
    }

    /// Changes whenever something goes on.
    pub(crate) fn moves(&self) -> u64 {
        self.moves.load(Ordering::Relaxed)
    }

    /// Whether all that began has ended.
    pub(crate) fn is_settled(&self) -> bool {
        self.begun.load(Ordering::Relaxed) == self.ended.load(Ordering::Relaxed)
    }

    /// From now on anything may fail, if only by a typed error.
    pub(crate) fn be_lenient(&self) {
        self.is_lenient.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_lenient(&self) -> bool {
        self.is_lenient.load(Ordering::Relaxed)
    }

    /// The loop is about to close: anything may fail, and foreign threads stay outside.
    pub(crate) fn shut(&self) {
        self.be_lenient();
        *locked(&self.is_open) = false;
    }

    /// Calls into the loop from a foreign thread, unless it is about to close.
    pub(crate) fn call_in(&self, f: impl FnOnce()) {
        let is_open = locked(&self.is_open);
        if *is_open {
            f();
        }
    }

    /// Notes what must not be, whatever happens around it.
    pub(crate) fn complain(&self, what: impl Into<String>) {
        let what = format!("{}: {}", self.name, what.into());
        self.complaints().push(what);
    }

    /// Complains unless `holds`.
    pub(crate) fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.complain(what());
        }
    }

    /// What a call gave; an error is worth a complaint while nothing gives it a reason.
    pub(crate) fn allow<T, E: fmt::Display>(&self, what: &str, given: Result<T, E>) -> Option<T> {
        match given {
            Ok(value) => Some(value),
            Err(error) => {
                self.check(self.is_lenient(), || format!("{what}: {error}"));
                None
            }
        }
    }

    /// Complains if it is so late that somebody must have been stalled.
    pub(crate) fn check_late(&self, what: &str, due: Instant, now: Instant) {
        let late = now.saturating_duration_since(due);
        self.check(late < LATE, || format!("{what} is {late:?} late"));
    }

    /// What was noted so far.
    pub(crate) fn complaints(&self) -> MutexGuard<'_, Vec<String>> {
        locked(&self.complaints)
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (begun, ended) = (&self.begun, &self.ended);
        let (begun, ended) = (begun.load(Ordering::Relaxed), ended.load(Ordering::Relaxed));
        write!(f, "{}: {begun} begun, {ended} ended", self.name)
    }
}

/// Something that goes on, until it is dropped.
pub(crate) struct Entry(Arc<Ledger>);

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
        self.0.step();
    }
}

/// What a scenario is given.
pub(crate) struct Stage {
    /// Where it accounts for what it does.
    pub(crate) ledger: Arc<Ledger>,
    /// Where its choices come from.
    pub(crate) dice: Dice,
}

impl Stage {
    /// The same ledger with other dice: for a part that runs beside.
    pub(crate) fn fork(&mut self) -> Self {
        Self {
            ledger: self.ledger.clone(),
            dice: self.dice.fork(),
        }
    }
}

/// Nothing is left half done in here, so a panic elsewhere changes nothing.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a connection may end like this when somebody aborts it.
pub(crate) fn is_hangup(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    use io::ErrorKind::{ConnectionRefused, UnexpectedEof};
    let hangups = [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected];
    hangups.contains(&error.kind()) || [ConnectionRefused, UnexpectedEof].contains(&error.kind())
}
