//! What time it is, and how the rest of the runtime writes time down.
//!
//! Workers and sleeps call [`Clock::now`] and hand the answer on as a [`Deadline`]; everything
//! below them takes time as an argument (I6). This is the only file that reads the machine's
//! clock. It never waits and never arms anything.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A point in time: nanoseconds since the first use of a clock in this process.
///
/// Points before that moment do not exist: conversions saturate at zero. 2^64 nanoseconds are 584
/// years, and the last of them is [`Deadline::NEVER`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(u64);

impl Deadline {
    /// The first point there is, at or before every reading of a clock.
    pub const ORIGIN: Deadline = Deadline(0);

    /// Later than every reading of a clock: what is due then is never due.
    pub const NEVER: Deadline = Deadline(u64::MAX);

    /// The point that lies `nanos` nanoseconds after the origin.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Deadline {
        Deadline(nanos)
    }

    /// Nanoseconds from the origin to this point.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The point `delay` after this one, or [`Deadline::NEVER`] when that lies beyond the range.
    #[must_use]
    pub fn after(self, delay: Duration) -> Deadline {
        Deadline(self.0.saturating_add(nanos(delay)))
    }

    /// How long `earlier` lies before this point: zero when it does not.
    #[must_use]
    pub const fn saturating_since(self, earlier: Deadline) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Whether this is [`Deadline::NEVER`].
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == u64::MAX
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            f.write_str("never")
        } else {
            fmt::Debug::fmt(&Duration::from_nanos(self.0), f)
        }
    }
}

/// Tells the time: the machine's own, or one that a test turns by hand.
///
/// Clones tell the same time. Reading the real clock costs one branch more than
/// [`Instant::now`].
///
/// ```
/// use bowerbird_io::Clock;
/// use std::time::Duration;
///
/// let clock = Clock::manual();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().saturating_since(before), Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    /// Where readings come from; fixed when the clock is made.
    hand: Hand,
}

/// What moves a clock on.
#[derive(Clone, Debug)]
enum Hand {
    /// The machine's monotonic clock.
    Real,
    /// [`Clock::advance`]: nanoseconds since the origin, shared by all clones.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's monotonic clock, which no change of the calendar moves.
    #[must_use]
    pub const fn real() -> Clock {
        Clock { hand: Hand::Real }
    }

    /// A clock that stands at the origin until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual() -> Clock {
        Clock {
            hand: Hand::Manual(Arc::new(AtomicU64::new(0))),
        }
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Deadline {
        match &self.hand {
            Hand::Real => Deadline(nanos(machine_now().saturating_duration_since(origin()))),
            // Relaxed: the reading is the whole message; whoever needs to see more than the time
            // has its own means of passing it on.
            Hand::Manual(time) => Deadline(time.load(Ordering::Relaxed)),
        }
    }

    /// The current time as an [`Instant`]: `instant(now())`, without going there and back.
    #[must_use]
    pub fn time(&self) -> Instant {
        match &self.hand {
            Hand::Real => machine_now(),
            Hand::Manual(_) => self.instant(self.now()),
        }
    }

    /// Moves a manual clock on by `step`, for all its clones. It stops at the end of the range.
    ///
    /// Nothing that waits is woken by this alone: turn the reactor, or expire the timers.
    ///
    /// # Panics
    ///
    /// On a real clock, which moves by itself.
    pub fn advance(&self, step: Duration) {
        let Hand::Manual(time) = &self.hand else {
            panic!("only a manual clock can be advanced");
        };
        let moved = |time: u64| Some(time.saturating_add(nanos(step)));
        // Relaxed: see `now`.
        let _previous = time.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
    }

    /// Whether this clock only moves by [`Clock::advance`].
    #[must_use]
    pub const fn is_manual(&self) -> bool {
        matches!(self.hand, Hand::Manual(_))
    }

    /// The same point as a [`Deadline`]: the origin when `instant` lies before it.
    #[must_use]
    pub fn deadline(&self, instant: Instant) -> Deadline {
        Deadline(nanos(instant.saturating_duration_since(origin())))
    }

    /// The same point as an [`Instant`], or one decades away when the platform cannot express it.
    #[must_use]
    pub fn instant(&self, deadline: Deadline) -> Instant {
        let since = Duration::from_nanos(deadline.0);
        let decades = Duration::from_secs(30 * 365 * 86_400);
        let origin = origin();
        origin
            .checked_add(since)
            .or_else(|| origin.checked_add(decades))
            .unwrap_or(origin)
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::real()
    }
}

/// The moment that all deadlines of this process count from.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(machine_now)
}

/// The one place where the machine's clock is read.
#[expect(
    clippy::disallowed_methods,
    reason = "this file is the door to the machine's clock (I6)"
)]
fn machine_now() -> Instant {
    Instant::now()
}

/// Whole nanoseconds in `duration`, at most `u64::MAX`. Spares the 128-bit arithmetic of
/// `Duration::as_nanos`, since this runs on every reading.
fn nanos(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(test)]
mod tests;
