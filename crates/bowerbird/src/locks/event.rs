//! A flag that tasks can wait for. asyncio: `locks.py`, `Event`.

use std::fmt;

use crate::waiters::{Desk, Line, Service, Wait, Wakes};

/// A flag: many wait until somebody sets it.
///
/// - [`set`](Self::set) ends the wait of all who wait at that moment, even when
///   [`clear`](Self::clear) follows at once.
/// - asyncio: `locks.py`, `Event`; `wait` gives nothing there is to know (asyncio: `True`).
///
/// ```
/// use std::sync::Arc;
///
/// # bowerbird::run(async {
/// let open = Arc::new(bowerbird::Event::new());
/// let guest = bowerbird::create_task({
///     let open = open.clone();
///     async move {
///         open.wait().await;
///         "came in"
///     }
/// });
/// open.set();
/// assert_eq!(guest.await.unwrap(), "came in");
/// # });
/// ```
///
/// Nobody sets this one, so a wait without a limit would last forever:
/// ```
/// # use std::time::Duration;
/// # bowerbird::run(async {
/// let never = bowerbird::Event::new();
/// assert!(bowerbird::wait_for(never.wait(), Duration::from_millis(1)).await.is_err());
/// # });
/// ```
pub struct Event {
    /// The flag and the line.
    desk: Desk<Flag>,
}

/// What changes in an [`Event`].
struct Flag {
    /// Set, and not cleared since; then nobody waits.
    is_set: bool,
    /// Who waits.
    line: Line<(), ()>,
}

/// The only way to wait for an [`Event`].
struct Watching;

impl Event {
    /// A flag that is not set.
    pub const fn new() -> Self {
        Self {
            desk: Desk::new(Flag {
                is_set: false,
                line: Line::new(),
            }),
        }
    }

    /// Sets the flag and wakes all who wait. Setting it again does nothing.
    pub fn set(&self) {
        self.desk.with(|flag, wakes| {
            flag.is_set = true;
            while flag.line.serve((), wakes).is_ok() {}
        });
    }

    /// Takes the flag back: later waits wait for the next [`set`](Self::set).
    pub fn clear(&self) {
        self.desk.with(|flag, _| flag.is_set = false);
    }

    /// Whether it is set now.
    pub fn is_set(&self) -> bool {
        self.desk.look(|flag| flag.is_set)
    }

    /// Waits until the flag is set; returns at once if it is.
    ///
    /// - Cancel: nothing to undo but the place in the line.
    pub async fn wait(&self) {
        Wait::<Watching>::new(&self.desk, ()).await;
    }
}

impl Service for Watching {
    type State = Flag;
    type Wish = ();
    type Mark = ();
    type Gift = ();
    type Output = ();

    const MARK: () = ();

    fn line(flag: &mut Flag) -> &mut Line<(), ()> {
        &mut flag.line
    }

    fn serve_now(flag: &mut Flag, _wish: (), _wakes: &mut Wakes) -> Result<(), ()> {
        if flag.is_set { Ok(()) } else { Err(()) }
    }

    fn collect(_: &mut Flag, _wish: (), _gift: (), _: &mut Wakes) {}

    fn left(_: &mut Flag, _gift: Option<()>, _: &mut Wakes) {
        // Everybody else who waited was told too.
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_set, waiting) = self.desk.look(|flag| (flag.is_set, flag.line.len()));
        f.debug_struct("Event")
            .field("is_set", &is_set)
            .field("waiting", &waiting)
            .finish()
    }
}
