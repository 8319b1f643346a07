//! So many at a time. asyncio: `locks.py`, `Semaphore` and `BoundedSemaphore`.

use std::fmt;

use crate::exceptions::ValueError;
use crate::waiters::{Desk, Line, Service, Wait, Wakes};

/// Lets so many tasks at a time do something.
///
/// - Fair: first come, first served; [`try_acquire`](Self::try_acquire) never overtakes.
/// - asyncio: `locks.py`, `Semaphore`. What `acquire` gives releases its permit when it is dropped;
///   [`SemaphorePermit::forget`] and [`release`](Self::release) do the two halves by hand.
///
/// ```
/// use std::sync::Arc;
///
/// # bowerbird::run(async {
/// let two_at_a_time = Arc::new(bowerbird::Semaphore::new(2));
/// let tasks = (0..5).map(|n| {
///     let two_at_a_time = two_at_a_time.clone();
///     bowerbird::create_task(async move {
///         let _permit = two_at_a_time.acquire().await;
///         n * n
///     })
/// });
/// assert_eq!(bowerbird::gather(tasks).await.unwrap(), [0, 1, 4, 9, 16]);
/// # });
/// ```
pub struct Semaphore {
    /// The permits and the line.
    desk: Desk<Permits>,
}

/// A [`Semaphore`] that never has more permits than it began with.
///
/// - asyncio: `locks.py`, `BoundedSemaphore`.
///
/// ```
/// use bowerbird::{BoundedSemaphore, ValueError};
///
/// let seats = BoundedSemaphore::new(1);
/// seats.try_acquire().expect("one is free").forget();
/// assert_eq!(seats.release(), Ok(()));
/// assert_eq!(seats.release(), Err(ValueError::ReleasedTooOften));
/// ```
pub struct BoundedSemaphore {
    /// The permits and the line.
    desk: Desk<Permits>,
}

/// What changes in a semaphore.
struct Permits {
    /// Permits that nobody has; when there are any, nobody waits.
    free: usize,
    /// The most that may be free.
    bound: usize,
    /// Who waits; a gift is a permit.
    line: Line<(), ()>,
}

/// The only way to wait for a semaphore.
struct Acquiring;

impl Semaphore {
    /// A semaphore with `permits` free permits; with none, it waits for the first
    /// [`release`](Self::release).
    pub const fn new(permits: usize) -> Self {
        Self {
            desk: Desk::new(Permits::new(permits, usize::MAX)),
        }
    }

    /// Waits for a permit.
    ///
    /// - Cancel: the place in the line is given up; a permit that had been handed over already goes
    ///   to the next.
    pub async fn acquire(&self) -> SemaphorePermit<'_> {
        acquire(&self.desk).await
    }

    /// A permit, if one is free at this moment.
    ///
    /// ```
    /// let semaphore = bowerbird::Semaphore::new(1);
    /// let permit = semaphore.try_acquire().expect("one is free");
    /// assert!(semaphore.try_acquire().is_none());
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_some());
    /// ```
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        try_acquire(&self.desk)
    }

    /// One permit more, for the first in line or for later. Nobody need have acquired it.
    ///
    /// # Panics
    /// With `usize::MAX` permits free already.
    pub fn release(&self) {
        let released = self.desk.with(Permits::release);
        assert!(released.is_ok(), "a semaphore cannot count more permits");
    }

    /// Whether an `acquire` would have to wait. asyncio: `locked`.
    pub fn is_locked(&self) -> bool {
        self.desk.look(|permits| permits.free == 0)
    }

    /// Permits that are free now.
    pub fn available(&self) -> usize {
        self.desk.look(|permits| permits.free)
    }
}

impl BoundedSemaphore {
    /// A semaphore with `permits` free permits, and never more.
    pub const fn new(permits: usize) -> Self {
        Self {
            desk: Desk::new(Permits::new(permits, permits)),
        }
    }

    /// Waits for a permit; see [`Semaphore::acquire`].
    ///
    /// - Cancel: as there.
    pub async fn acquire(&self) -> SemaphorePermit<'_> {
        acquire(&self.desk).await
    }

    /// A permit, if one is free at this moment.
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        try_acquire(&self.desk)
    }

    /// Gives back a permit that was [forgotten](SemaphorePermit::forget).
    ///
    /// # Errors
    /// [`ValueError::ReleasedTooOften`] when all permits are free already; nothing has changed.
    pub fn release(&self) -> Result<(), ValueError> {
        self.desk.with(Permits::release)
    }

    /// Whether an `acquire` would have to wait. asyncio: `locked`.
    pub fn is_locked(&self) -> bool {
        self.desk.look(|permits| permits.free == 0)
    }

    /// Permits that are free now.
    pub fn available(&self) -> usize {
        self.desk.look(|permits| permits.free)
    }
}

async fn acquire(desk: &Desk<Permits>) -> SemaphorePermit<'_> {
    Wait::<Acquiring>::new(desk, ()).await;
    SemaphorePermit { desk: Some(desk) }
}

fn try_acquire(desk: &Desk<Permits>) -> Option<SemaphorePermit<'_>> {
    let taken = desk.with(|permits, _| permits.take());
    // Not `then_some`: a permit that was never taken would be released as soon as it is refused.
    taken.then(|| SemaphorePermit { desk: Some(desk) })
}

impl Permits {
    const fn new(permits: usize, bound: usize) -> Self {
        Self {
            free: permits,
            bound,
            line: Line::new(),
        }
    }

    fn take(&mut self) -> bool {
        let is_free = self.free > 0;
        self.free -= usize::from(is_free);
        is_free
    }

    fn release(&mut self, wakes: &mut Wakes) -> Result<(), ValueError> {
        if self.free >= self.bound {
            return Err(ValueError::ReleasedTooOften);
        }
        if self.line.serve((), wakes).is_err() {
            self.free += 1;
        }
        Ok(())
    }
}

impl Service for Acquiring {
    type State = Permits;
    type Wish = ();
    type Mark = ();
    type Gift = ();
    type Output = ();

    const MARK: () = ();

    fn line(permits: &mut Permits) -> &mut Line<(), ()> {
        &mut permits.line
    }

    fn serve_now(permits: &mut Permits, _wish: (), _wakes: &mut Wakes) -> Result<(), ()> {
        if permits.take() { Ok(()) } else { Err(()) }
    }

    fn collect(_: &mut Permits, _wish: (), _permit: (), _: &mut Wakes) {}

    fn left(permits: &mut Permits, permit: Option<()>, wakes: &mut Wakes) {
        if permit.is_some() {
            // Refused only if somebody released too often meanwhile; then all are free anyway.
            let _released = permits.release(wakes);
        }
    }
}

/// One permit of a [`Semaphore`] or [`BoundedSemaphore`]; dropping it releases.
#[must_use = "a permit that is not kept is released at once"]
pub struct SemaphorePermit<'a> {
    /// Where it goes back to; `None` once forgotten.
    desk: Option<&'a Desk<Permits>>,
}

impl SemaphorePermit<'_> {
    /// Does not release the permit; the semaphore's `release` does, whenever it is called.
    pub fn forget(mut self) {
        self.desk = None;
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        if let Some(desk) = self.desk {
            // Refused only if somebody released too often meanwhile; then all are free anyway.
            let _released = desk.with(Permits::release);
        }
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemaphorePermit").finish_non_exhaustive()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("Semaphore", &self.desk, f)
    }
}

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("BoundedSemaphore", &self.desk, f)
    }
}

fn debug(name: &str, desk: &Desk<Permits>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (free, waiting) = desk.look(|permits| (permits.free, permits.line.len()));
    f.debug_struct(name)
        .field("available", &free)
        .field("waiting", &waiting)
        .finish()
}
