//! Who is at work for a server: connections, and streams of HTTP/2. A connection has a pass, its
//! share of what is limited; everybody has a seat, which it
//! leaves when its task's future is dropped, however that comes about. Stopping tells everybody,
//! and waits here for the last one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bowerbird::{Event, Semaphore, SemaphorePermit, TaskRef, create_task};

use super::limits::Limits;

/// See the module.
#[derive(Debug)]
pub(super) struct Roll {
    /// What the server allows.
    pub(super) limits: Limits,
    /// For connections that may still be accepted.
    room: Semaphore,
    /// How many connections each peer has.
    peers: Mutex<HashMap<IpAddr, usize>>,
    /// Whether `stopping` is set, to be seen at each poll of each connection without its lock.
    is_stopping: AtomicBool,
    /// Set when connections are to come to their ends.
    stopping: Event,
    /// Set when the server is stopping and nobody is left.
    emptied: Event,
    /// Who is here.
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    /// The number of the next seat.
    next: u64,
    /// The tasks; `None` while one is being made.
    taken: HashMap<u64, Option<TaskRef>>,
    /// Whether `emptied` is waited for. Nobody new can come when the last one has gone: connections
    /// are no longer accepted, and only connections make streams.
    is_stopping: bool,
    /// Whether who comes is cancelled.
    is_cut: bool,
}

/// A connection's share of what is limited, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    /// The roll.
    roll: Arc<Roll>,
    /// Whose connection it is, where that is counted.
    peer: Option<IpAddr>,
}

/// A place in the roll.
#[derive(Debug)]
struct Seat {
    /// The roll.
    roll: Arc<Roll>,
    /// Its number.
    number: u64,
}

impl Roll {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            room: Semaphore::new(limits.connections),
            peers: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            stopping: Event::new(),
            emptied: Event::new(),
            seats: Mutex::default(),
        }
    }

    /// Waits for the right to accept a connection.
    pub(super) async fn room(&self) -> SemaphorePermit<'_> {
        self.room.acquire().await
    }

    /// What a connection needs to live; `None` when its peer has enough of them.
    pub(super) fn admit(
        self: &Arc<Self>,
        permit: SemaphorePermit<'_>,
        peer: Option<SocketAddr>,
    ) -> Option<Pass> {
        let peer = peer.map(|peer| network(peer.ip()));
        if let Some(peer) = peer {
            let mut peers = self.peers();
            let count = peers.entry(peer).or_default();
            if *count >= self.limits.for_peer() {
                return None;
            }
            *count += 1;
        }
        permit.forget();
        let roll = self.clone();
        Some(Pass { roll, peer })
    }

    /// Makes a task for `work`, with a seat for as long as it lives.
    pub(super) fn start<F>(self: &Arc<Self>, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let number = self.lock().add();
        let seat = Seat {
            roll: self.clone(),
            number,
        };
        let task = create_task(async move {
            let _seat = seat;
            work.await;
        });
        let task = task.handle();
        if self.lock().name(number, &task) {
            task.cancel();
        }
    }

    /// Tells everybody to come to an end.
    pub(super) fn stop(&self) {
        // Relaxed: whoever misses it is woken by the event, and the wake orders the two.
        self.is_stopping.store(true, Ordering::Relaxed);
        self.stopping.set();
        let mut seats = self.lock();
        seats.is_stopping = true;
        let is_empty = seats.taken.is_empty();
        drop(seats);
        if is_empty {
            self.emptied.set();
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        // Relaxed: see `stop`.
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Waits until it is stopping.
    pub(super) async fn stopping(&self) {
        self.stopping.wait().await;
    }

    /// Waits until it has stopped, and nobody is left.
    pub(super) async fn emptied(&self) {
        self.emptied.wait().await;
    }

    /// Cancels everybody, and whoever comes later; tells how many are here.
    pub(super) fn cut(&self) -> usize {
        let mut seats = self.lock();
        seats.is_cut = true;
        let count = seats.taken.len();
        let tasks: Vec<TaskRef> = seats.taken.values().flatten().cloned().collect();
        drop(seats);
        for task in tasks {
            task.cancel();
        }
        count
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.peers
            .lock()
            .expect("nothing under this lock can panic")
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats
            .lock()
            .expect("nothing under this lock can panic")
    }
}

impl Seats {
    fn add(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.taken.insert(number, None);
        number
    }

    /// Notes the task of a seat, unless it has ended already; whether it is to be cancelled.
    fn name(&mut self, number: u64, task: &TaskRef) -> bool {
        if let Some(seat) = self.taken.get_mut(&number) {
            *seat = Some(task.clone());
        }
        self.is_cut
    }
}

/// What counts as one peer: whoever has an IPv6 address has all those of its network.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        ip => ip,
    }
}

impl Pass {
    /// The roll it is of.
    pub(super) fn roll(&self) -> &Arc<Roll> {
        &self.roll
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(peer) = self.peer {
            let mut peers = self.roll.peers();
            if let Entry::Occupied(mut entry) = peers.entry(peer) {
                *entry.get_mut() -= 1;
                if *entry.get() == 0 {
                    entry.remove();
                }
            }
        }
        self.roll.room.release();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.roll.lock();
        let task = seats.taken.remove(&self.number);
        let was_last = seats.is_stopping && seats.taken.is_empty();
        drop(seats);
        // A task's last handle may run users' code when it is dropped.
        drop(task);
        if was_last {
            self.roll.emptied.set();
        }
    }
}
