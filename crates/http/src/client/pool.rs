//! The connections of a connector: who may have one, who waits for one, and how long they are kept.
//!
//! ```text
//! acquire ──► Lease: reused ┐                 ┌─ keep ──► idle ──► reused, expired, or pushed out
//!         └─► Lease: dial ──┴─► a request ────┤
//!         └─► waits its turn                  └─ dropped ──► closed, and its place is free
//! ```
//!
//! A place is counted from the permission to connect until the connection is closed. Requests call
//! it; it makes no connection itself. No connection is polled, dropped or woken under its lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bowerbird::get_running_loop;

#[cfg(feature = "http2")]
use super::connection::Shared;
use super::connection::{Connection, Http1};
use super::errors::ClientError;
use super::key::Key;

mod lease;

mod line;

mod state;

pub(super) use lease::Lease;
use line::Turn;
use state::{Granted, State};

/// What a pool allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoolLimits {
    /// Connections in all; `None` is no limit.
    pub(super) total: Option<usize>,
    /// Connections to one host.
    pub(super) per_host: Option<usize>,
    /// How long one is kept while nobody uses it; zero closes each after its request.
    pub(super) keep_alive: Duration,
    /// Whether a server with TLS may turn out to speak HTTP/2.
    pub(super) offers_http2: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Pool {
    /// What is allowed.
    limits: PoolLimits,
    /// Everything that changes.
    state: Mutex<State>,
}

/// Whether an idle connection will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Yes.
    Any,
    /// No: one had gone stale, and others may have, too.
    Fresh,
}

impl Pool {
    pub(super) fn new(limits: PoolLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            state: Mutex::new(State::new(limits)),
        })
    }

    /// A connection to `key`, or the permission to make one: at once, or when it is our turn.
    ///
    /// - Cancel: gives up the place in the line, or what was handed over already.
    ///
    /// # Errors
    /// `SessionClosed`.
    pub(super) async fn acquire(
        self: &Arc<Self>,
        key: &Key,
        wanted: Wanted,
    ) -> Result<Lease, ClientError> {
        let now = self.time();
        let (granted, seen_off) = self.state().begin(key, wanted, now);
        drop(seen_off);
        let granted = match granted? {
            Ok(granted) => granted,
            Err(number) => Turn::new(self, key, number).await?,
        };
        Ok(self.lease(key, granted, now))
    }

    /// What was granted, as a lease on a connection that lives.
    fn lease(self: &Arc<Self>, key: &Key, granted: Granted, now: Instant) -> Lease {
        let mut lease = Lease::new(self.clone(), key.clone());
        let mut granted = Some(granted);
        while let Some(Granted::Idle(mut idle)) = granted.take_if(|one| one.is_idle()) {
            if idle.is_idle() {
                lease.hold(Connection::Http1(idle));
                return lease;
            }
            // The server has closed it; another one takes its place, or we connect.
            drop(idle);
            let (next, wakes, seen_off) = self.state().instead(key, now);
            wakes.wake();
            drop(seen_off);
            granted = Some(next);
        }
        match granted {
            #[cfg(feature = "http2")]
            Some(Granted::Shared(shared)) => lease.share(shared),
            _ => lease.note_dialing(),
        }
        lease
    }

    /// Takes back an idle connection: for whoever waits, or to be kept.
    fn keep(self: &Arc<Self>, key: &Key, connection: Box<Http1>) {
        let now = self.time();
        let (wakes, refused) = self.state().keep(key, connection, now);
        wakes.wake();
        drop(refused);
        self.sweep_later(now, self.limits.keep_alive);
    }

    /// A place is free again.
    fn release(&self, key: &Key, was_dialing: bool) {
        let now = self.time();
        let (wakes, seen_off) = self.state().release(key, was_dialing, now);
        wakes.wake();
        drop(seen_off);
    }

    /// What a server speaks is known, after the first connection to it was made.
    fn note_http1(&self, key: &Key) {
        let now = self.time();
        let (wakes, seen_off) = self.state().note_http1(key, now);
        wakes.wake();
        drop(seen_off);
    }

    /// Offers a connection of HTTP/2 to all who want one to the same server. The one to use comes
    /// back: it may be another that was there before.
    #[cfg(feature = "http2")]
    fn share(self: &Arc<Self>, key: &Key, shared: Arc<Shared>) -> Arc<Shared> {
        let now = self.time();
        let (used, wakes, seen_off) = self.state().share(key, shared, now);
        wakes.wake();
        drop(seen_off);
        self.sweep_later(now, self.limits.keep_alive);
        used
    }

    /// A connection of HTTP/2 has ended.
    #[cfg(feature = "http2")]
    pub(super) fn forget_shared(&self, key: &Key) {
        let now = self.time();
        let (wakes, seen_off) = self.state().forget_shared(key, now);
        wakes.wake();
        drop(seen_off);
    }

    /// Closes what is idle, and lets nobody in any more. Connections in use are closed after use.
    pub(super) fn close(&self) {
        let (wakes, seen_off) = self.state().close();
        wakes.wake();
        drop(seen_off);
    }

    /// Connections that are open or being made; and how many of these are idle.
    pub(super) fn counts(&self) -> (usize, usize) {
        self.state().counts()
    }

    /// Closes what was idle for too long, and comes back while anything is idle.
    fn sweep(self: &Arc<Self>) {
        let now = self.time();
        let (wakes, seen_off, next) = self.state().sweep(now);
        wakes.wake();
        drop(seen_off);
        if let Some(delay) = next {
            self.sweep_later(now, delay);
        }
    }

    /// The loop holds a weak handle: a pool that is dropped is gone.
    fn sweep_later(self: &Arc<Self>, now: Instant, delay: Duration) {
        if !self.state().begin_sweep(now, delay) {
            return;
        }
        let pool = Arc::downgrade(self);
        let sweep = move || {
            if let Some(pool) = pool.upgrade() {
                pool.sweep();
            }
        };
        if let Ok(running) = get_running_loop() {
            drop(running.call_later(delay, sweep));
        }
    }

    /// The loop's clock; of leases that are dropped outside of any loop, what it showed last.
    fn time(&self) -> Instant {
        match get_running_loop() {
            Ok(running) => running.time(),
            Err(error) => match self.state().last_time() {
                Some(last) => last,
                None => panic!("{error}"),
            },
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
