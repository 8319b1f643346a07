//! A point where so many tasks wait for each other. asyncio: `locks.py`, `Barrier`.

use std::fmt;

use crate::exceptions::{BrokenBarrierError, ValueError};
use crate::waiters::{Desk, Line, Service, Wait, Wakes};

/// Holds tasks up until so many have come, then lets all of them go on; again and again.
///
/// - Whoever comes next belongs to the next round, however slow those of this one are.
/// - asyncio: `locks.py`, `Barrier`. [`abort`](Self::abort) and [`reset`](Self::reset) need no
///   await, and indices of one round are never given twice, also after a cancelled wait.
///
/// ```
/// use std::sync::Arc;
///
/// # bowerbird::run(async {
/// let start = Arc::new(bowerbird::Barrier::new(3).expect("three is at least one"));
/// let tasks = (0..3).map(|_| {
///     let start = start.clone();
///     bowerbird::create_task(async move { start.wait().await })
/// });
/// let mut places: Vec<_> = bowerbird::gather(tasks).await.unwrap();
/// places.sort();
/// assert_eq!(places, [Ok(0), Ok(1), Ok(2)]);
/// # });
/// ```
///
/// ```
/// # bowerbird::run(async {
/// let start = bowerbird::Barrier::new(2).expect("two is at least one");
/// start.abort();
/// assert_eq!(start.wait().await, Err(bowerbird::BrokenBarrierError));
/// # });
/// ```
pub struct Barrier {
    /// How many make a round.
    parties: usize,
    /// Whether it is broken, and the line.
    desk: Desk<Gate>,
}

/// What changes in a [`Barrier`].
struct Gate {
    /// Aborted, and not reset since; then nobody waits.
    is_broken: bool,
    /// The round that gathers.
    line: Line<(), Arrival>,
}

/// What a wait ends with.
type Arrival = Result<usize, BrokenBarrierError>;

/// The only way to wait at a [`Barrier`]; the wish is the number of parties.
struct Arriving;

impl Barrier {
    /// A barrier for `parties` tasks, at least one.
    ///
    /// # Errors
    /// [`ValueError::NoParties`] for zero.
    ///
    /// ```
    /// use bowerbird::{Barrier, ValueError};
    /// assert_eq!(Barrier::new(0).unwrap_err(), ValueError::NoParties);
    /// ```
    pub const fn new(parties: usize) -> Result<Self, ValueError> {
        if parties == 0 {
            return Err(ValueError::NoParties);
        }
        Ok(Self {
            parties,
            desk: Desk::new(Gate {
                is_broken: false,
                line: Line::new(),
            }),
        })
    }

    /// Waits until all parties are here. Gives each another number from 0 to parties − 1, in the
    /// order in which they came; the last one does not wait.
    ///
    /// - Cancel: one party less is here; the barrier is not broken. Once the round is complete,
    ///   nothing is left to undo.
    ///
    /// # Errors
    /// [`BrokenBarrierError`] when it is, or during the wait becomes, broken or is reset.
    pub async fn wait(&self) -> Result<usize, BrokenBarrierError> {
        Wait::<Arriving>::new(&self.desk, self.parties).await
    }

    /// Sends those who wait away with an error; the barrier is as new then, also if it was broken.
    pub fn reset(&self) {
        self.desk.with(|gate, wakes| {
            gate.is_broken = false;
            gate.send_away(wakes);
        });
    }

    /// Breaks the barrier: those who wait, and all who come before a [`reset`](Self::reset), get an
    /// error.
    pub fn abort(&self) {
        self.desk.with(|gate, wakes| {
            gate.is_broken = true;
            gate.send_away(wakes);
        });
    }

    /// How many make a round.
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// How many wait for the rest now.
    pub fn n_waiting(&self) -> usize {
        self.desk.look(|gate| gate.line.len())
    }

    /// Whether it was aborted. asyncio: `broken`.
    pub fn is_broken(&self) -> bool {
        self.desk.look(|gate| gate.is_broken)
    }
}

impl Gate {
    fn send_away(&mut self, wakes: &mut Wakes) {
        while self.line.serve(Err(BrokenBarrierError), wakes).is_ok() {}
    }
}

impl Service for Arriving {
    type State = Gate;
    type Wish = usize;
    type Mark = ();
    type Gift = Arrival;
    type Output = Arrival;

    const MARK: () = ();

    fn line(gate: &mut Gate) -> &mut Line<(), Arrival> {
        &mut gate.line
    }

    fn serve_now(gate: &mut Gate, parties: usize, wakes: &mut Wakes) -> Result<Arrival, usize> {
        if gate.is_broken {
            return Ok(Err(BrokenBarrierError));
        }
        let here = gate.line.len();
        if here + 1 < parties {
            return Err(parties);
        }
        // Numbered now and not on arrival: who left meanwhile has left no gap.
        for index in 0..here {
            let served = gate.line.serve(Ok(index), wakes);
            debug_assert!(served.is_ok(), "as many wait as were counted");
        }
        Ok(Ok(here))
    }

    fn collect(_: &mut Gate, _parties: usize, arrival: Arrival, _: &mut Wakes) -> Arrival {
        arrival
    }

    fn left(_: &mut Gate, _arrival: Option<Arrival>, _: &mut Wakes) {
        // Before the round is complete the line is one shorter; afterwards nobody misses it.
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("parties", &self.parties)
            .field("n_waiting", &self.n_waiting())
            .field("is_broken", &self.is_broken())
            .finish()
    }
}
