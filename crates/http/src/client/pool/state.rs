//! The pool's books, without I/O, locks and clocks: who has a place, what is idle, who waits. What
//! has to be dropped or woken is handed back, for after the lock.

use std::collections::{HashMap, VecDeque};
use std::task::Waker;
use std::time::{Duration, Instant};

#[cfg(feature = "http2")]
use std::sync::Arc;

#[cfg(feature = "http2")]
use super::super::connection::Shared;
use super::super::connection::{Connection, Http1};
use super::super::errors::ClientError;
use super::super::key::Key;
use super::{PoolLimits, Wanted};

mod waiting;

/// Connections to be dropped after the lock: that closes them.
pub(super) type SeenOff = Vec<Connection>;

/// Those whose turn has come, to be woken after the lock.
#[derive(Debug, Default)]
#[must_use = "they would wait for ever"]
pub(super) struct Wakes(Vec<Waker>);

impl Wakes {
    pub(super) fn wake(self) {
        self.0.into_iter().for_each(Waker::wake);
    }
}

/// What a request gets.
#[derive(Debug)]
pub(super) enum Granted {
    /// A connection that was idle, with its place. Whether it lives has to be looked at.
    Idle(Box<Http1>),
    /// A share in a connection that others use, too. Its place is the pool's.
    #[cfg(feature = "http2")]
    Shared(Arc<Shared>),
    /// A place: make a connection.
    Dial,
}

impl Granted {
    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle(_))
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct State {
    /// What is allowed.
    limits: PoolLimits,
    /// Hosts with connections or with people in line.
    hosts: HashMap<Key, Host>,
    /// Places taken, of all hosts.
    open: usize,
    /// What those whose turn has come are to collect, by their numbers.
    granted: HashMap<u64, Granted>,
    /// Numbers handed out; who came first has the lower one.
    numbers: u64,
    /// How many wait, of all hosts.
    waiting: usize,
    /// Whether nobody is let in any more.
    is_closed: bool,
    /// When the next sweep comes, if one does.
    next_sweep: Option<Instant>,
    /// What the loop's clock showed when something was asked for last.
    time: Option<Instant>,
}

/// What there is to one host.
#[derive(Debug, Default)]
struct Host {
    /// Places taken: connections, and permissions to connect.
    open: usize,
    /// How many of them are permissions.
    dialing: usize,
    /// Connections that nobody uses, and since when; the newest last.
    idle: Vec<(Instant, Box<Http1>)>,
    /// The connection of HTTP/2, and when it was last seen in use.
    #[cfg(feature = "http2")]
    shared: Option<(Instant, Arc<Shared>)>,
    /// Whether it is known to speak HTTP/1.1 and nothing else.
    is_http1: bool,
    /// Who waits, in the order in which they came.
    line: VecDeque<Ticket>,
}

/// Somebody who waits.
#[derive(Debug)]
struct Ticket {
    /// Its place in the order of all.
    number: u64,
    /// Whether an idle connection will do.
    wanted: Wanted,
    /// Who is woken.
    waker: Option<Waker>,
}

impl State {
    pub(super) fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            hosts: HashMap::new(),
            open: 0,
            granted: HashMap::new(),
            numbers: 0,
            waiting: 0,
            is_closed: false,
            next_sweep: None,
            time: None,
        }
    }

    /// What is to be had now, or the number under which it waits.
    pub(super) fn begin(
        &mut self,
        key: &Key,
        wanted: Wanted,
        now: Instant,
    ) -> (Result<Result<Granted, u64>, ClientError>, SeenOff) {
        let mut seen_off = SeenOff::new();
        self.time = Some(now);
        if self.is_closed {
            return (Err(ClientError::SessionClosed), seen_off);
        }
        let nobody_waits = self.hosts.get(key).is_none_or(|host| host.line.is_empty());
        let granted = match nobody_waits {
            true => self.grant(key, wanted, now, &mut seen_off),
            false => None,
        };
        let granted = granted.ok_or_else(|| self.join_line(key, wanted));
        (Ok(granted), seen_off)
    }

    /// Hands out what `key` wants, if the limits allow it.
    fn grant(
        &mut self,
        key: &Key,
        wanted: Wanted,
        now: Instant,
        seen_off: &mut SeenOff,
    ) -> Option<Granted> {
        #[cfg(feature = "http2")]
        if let Some(shared) = self.shared(key, now, seen_off) {
            return Some(Granted::Shared(shared));
        }
        match wanted {
            Wanted::Any => {
                if let Some(idle) = self.newest(key, now, seen_off) {
                    return Some(Granted::Idle(idle));
                }
            }
            // Those that are idle may be as stale as the one that was; they make room.
            Wanted::Fresh => self.expel(key, |_| true, seen_off),
        }
        self.permit(key, seen_off).then_some(Granted::Dial)
    }

    /// The idle connection that was used last, if it is not too old. Then all are.
    fn newest(&mut self, key: &Key, now: Instant, seen_off: &mut SeenOff) -> Option<Box<Http1>> {
        let keep_alive = self.limits.keep_alive;
        let host = self.hosts.get_mut(key)?;
        let (since, newest) = host.idle.pop()?;
        if now.saturating_duration_since(since) < keep_alive {
            return Some(newest);
        }
        host.idle.push((since, newest));
        self.expel(key, |_| true, seen_off);
        None
    }

    /// The connection of HTTP/2, if it is still open.
    #[cfg(feature = "http2")]
    fn shared(&mut self, key: &Key, now: Instant, seen_off: &mut SeenOff) -> Option<Arc<Shared>> {
        let host = self.hosts.get_mut(key)?;
        let (used, shared) = host.shared.as_mut()?;
        if shared.is_open() {
            *used = now;
            return Some(shared.clone());
        }
        seen_off.extend(host.shared.take().map(|(_, gone)| Connection::Http2(gone)));
        self.free(key, 1);
        None
    }

    /// Takes a place, if there is one; what is idle elsewhere makes room.
    fn permit(&mut self, key: &Key, seen_off: &mut SeenOff) -> bool {
        let limits = self.limits;
        if let Some(host) = self.hosts.get(key) {
            let may_be_http2 = limits.offers_http2 && key.is_tls() && !key.is_http1();
            let is_undecided = may_be_http2 && !host.is_http1;
            let is_full = limits.per_host.is_some_and(|most| host.open >= most);
            // One connection of HTTP/2 would be enough for all, so the first has to tell.
            if is_full || is_undecided && host.dialing > 0 {
                return false;
            }
        }
        let is_full = limits.total.is_some_and(|most| self.open >= most);
        if is_full && !self.expel_oldest(seen_off) {
            return false;
        }
        let host = self.hosts.entry(key.clone()).or_default();
        host.open += 1;
        host.dialing += 1;
        self.open += 1;
        true
    }

    /// In place of an idle connection that was found closed: the next one, whose own place is then
    /// free, or the permission to connect.
    pub(super) fn instead(&mut self, key: &Key, now: Instant) -> (Granted, Wakes, SeenOff) {
        let mut seen_off = SeenOff::new();
        let granted = match self.newest(key, now, &mut seen_off) {
            Some(idle) => {
                self.free(key, 1);
                Granted::Idle(idle)
            }
            None => {
                self.hosts.entry(key.clone()).or_default().dialing += 1;
                Granted::Dial
            }
        };
        let wakes = self.serve(now, &mut seen_off);
        (granted, wakes, seen_off)
    }

    /// Takes a connection back: for whoever waits, or to be kept.
    pub(super) fn keep(
        &mut self,
        key: &Key,
        connection: Box<Http1>,
        now: Instant,
    ) -> (Wakes, SeenOff) {
        let mut seen_off = SeenOff::new();
        if self.is_closed || self.limits.keep_alive.is_zero() {
            seen_off.push(Connection::Http1(connection));
            self.free(key, 1);
        } else {
            let host = self.hosts.entry(key.clone()).or_default();
            host.idle.push((now, connection));
        }
        let wakes = self.serve(now, &mut seen_off);
        (wakes, seen_off)
    }

    /// Takes a place back.
    pub(super) fn release(
        &mut self,
        key: &Key,
        was_dialing: bool,
        now: Instant,
    ) -> (Wakes, SeenOff) {
        self.end_dialing(key, was_dialing);
        self.free(key, 1);
        let mut seen_off = SeenOff::new();
        let wakes = self.serve(now, &mut seen_off);
        (wakes, seen_off)
    }

    /// A connection of HTTP/1.1 was made: others need not wait for that to be known.
    pub(super) fn note_http1(&mut self, key: &Key, now: Instant) -> (Wakes, SeenOff) {
        self.end_dialing(key, true);
        if let Some(host) = self.hosts.get_mut(key) {
            host.is_http1 = true;
        }
        let mut seen_off = SeenOff::new();
        let wakes = self.serve(now, &mut seen_off);
        (wakes, seen_off)
    }

    /// A connection of HTTP/2 was made. What is to be used comes back; a second one is seen off.
    #[cfg(feature = "http2")]
    pub(super) fn share(
        &mut self,
        key: &Key,
        shared: Arc<Shared>,
        now: Instant,
    ) -> (Arc<Shared>, Wakes, SeenOff) {
        let mut seen_off = SeenOff::new();
        self.end_dialing(key, true);
        let used = match self.shared(key, now, &mut seen_off) {
            Some(first) => {
                seen_off.push(Connection::Http2(shared));
                self.free(key, 1);
                first
            }
            None if self.is_closed => {
                self.free(key, 1);
                shared
            }
            None => {
                let host = self.hosts.entry(key.clone()).or_default();
                host.shared = Some((now, shared.clone()));
                shared
            }
        };
        let wakes = self.serve(now, &mut seen_off);
        (used, wakes, seen_off)
    }

    /// Drops the connection of HTTP/2 if it has ended.
    #[cfg(feature = "http2")]
    pub(super) fn forget_shared(&mut self, key: &Key, now: Instant) -> (Wakes, SeenOff) {
        let mut seen_off = SeenOff::new();
        let _open = self.shared(key, now, &mut seen_off);
        let wakes = self.serve(now, &mut seen_off);
        (wakes, seen_off)
    }

    /// Sees off what was idle for too long; and when to come again.
    pub(super) fn sweep(&mut self, now: Instant) -> (Wakes, SeenOff, Option<Duration>) {
        self.next_sweep = None;
        let keep_alive = self.limits.keep_alive;
        let mut seen_off = SeenOff::new();
        let keys: Vec<Key> = self.hosts.keys().cloned().collect();
        for key in &keys {
            let is_old = |since: Instant| now.saturating_duration_since(since) >= keep_alive;
            self.expel(key, is_old, &mut seen_off);
            #[cfg(feature = "http2")]
            self.expel_shared(key, now, is_old, &mut seen_off);
        }
        let wakes = self.serve(now, &mut seen_off);
        let oldest = self.hosts.values().filter_map(Host::oldest).min();
        let next = oldest.map(|since| (since + keep_alive).saturating_duration_since(now));
        (wakes, seen_off, next)
    }

    /// Whether a sweep has to be put on the loop's list. One is enough, unless it is overdue: its
    /// loop was closed then.
    pub(super) fn begin_sweep(&mut self, now: Instant, delay: Duration) -> bool {
        let is_coming = self
            .next_sweep
            .is_some_and(|next| now <= next + self.limits.keep_alive);
        if self.is_closed || is_coming {
            return false;
        }
        self.next_sweep = Some(now + delay);
        true
    }

    /// Sees everything off that is not in use, and lets nobody in any more.
    pub(super) fn close(&mut self) -> (Wakes, SeenOff) {
        self.is_closed = true;
        let mut seen_off = SeenOff::new();
        let keys: Vec<Key> = self.hosts.keys().cloned().collect();
        for key in &keys {
            self.expel(key, |_| true, &mut seen_off);
            #[cfg(feature = "http2")]
            if let Some((_, shared)) = self.hosts.get_mut(key).and_then(|host| host.shared.take()) {
                seen_off.push(Connection::Http2(shared));
                self.free(key, 1);
            }
        }
        (self.send_all_home(), seen_off)
    }

    /// Places taken; and connections of these that nobody uses.
    pub(super) fn counts(&self) -> (usize, usize) {
        let idle = self.hosts.values().map(Host::idle).sum();
        (self.open, idle)
    }

    /// Sees off the idle connections of a host that `is_due` picks by their age; the oldest stand
    /// first, so that these are the first ones.
    fn expel(&mut self, key: &Key, is_due: impl Fn(Instant) -> bool, seen_off: &mut SeenOff) {
        let Some(host) = self.hosts.get_mut(key) else {
            return;
        };
        let due = host.idle.partition_point(|(since, _)| is_due(*since));
        let gone = host.idle.drain(..due);
        seen_off.extend(gone.map(|(_, one)| Connection::Http1(one)));
        self.free(key, due);
    }

    /// Sees off the connection of HTTP/2 if nobody uses it and `is_due` says so.
    #[cfg(feature = "http2")]
    fn expel_shared(
        &mut self,
        key: &Key,
        now: Instant,
        is_due: impl Fn(Instant) -> bool,
        seen_off: &mut SeenOff,
    ) {
        let Some(host) = self.hosts.get_mut(key) else {
            return;
        };
        if let Some((used, shared)) = &mut host.shared {
            if Arc::strong_count(shared) > 1 {
                *used = now;
            } else if is_due(*used) {
                seen_off.extend(host.shared.take().map(|(_, gone)| Connection::Http2(gone)));
                self.free(key, 1);
            }
        }
    }

    /// Sees off the connection that has been idle for the longest, of any host: whether there was
    /// one.
    fn expel_oldest(&mut self, seen_off: &mut SeenOff) -> bool {
        let aged = self.hosts.iter();
        let aged = aged.filter_map(|(key, host)| Some((host.oldest_free()?, key)));
        let Some((since, key)) = aged.min_by_key(|(since, _)| *since) else {
            return false;
        };
        let key = key.clone();
        let before = self.open;
        self.expel(&key, |other| other <= since, seen_off);
        #[cfg(feature = "http2")]
        self.expel_shared(&key, since, |_| true, seen_off);
        self.open < before
    }

    pub(super) fn last_time(&self) -> Option<Instant> {
        self.time
    }

    fn end_dialing(&mut self, key: &Key, was_dialing: bool) {
        if let Some(host) = self.hosts.get_mut(key) {
            host.dialing -= usize::from(was_dialing);
        }
    }

    /// Frees places of a host, and forgets the host with the last of them.
    fn free(&mut self, key: &Key, places: usize) {
        self.open -= places;
        if let Some(host) = self.hosts.get_mut(key) {
            host.open -= places;
            if host.open == 0 && host.line.is_empty() {
                self.hosts.remove(key);
            }
        }
    }
}

impl Host {
    /// Since when its oldest connection is idle, as far as is known.
    fn oldest(&self) -> Option<Instant> {
        let idle = self.idle.first().map(|(since, _)| *since);
        #[cfg(feature = "http2")]
        let idle = idle
            .into_iter()
            .chain(self.shared.as_ref().map(|one| one.0))
            .min();
        idle
    }

    /// The same, of those that nobody uses at this moment.
    fn oldest_free(&self) -> Option<Instant> {
        let idle = self.idle.first().map(|(since, _)| *since);
        #[cfg(feature = "http2")]
        let idle = {
            let shared = self.shared.as_ref();
            let unused = shared.filter(|(_, shared)| Arc::strong_count(shared) == 1);
            idle.into_iter().chain(unused.map(|one| one.0)).min()
        };
        idle
    }

    fn idle(&self) -> usize {
        let idle = self.idle.len();
        #[cfg(feature = "http2")]
        let idle = {
            let shared = self.shared.iter();
            idle + shared.filter(|one| Arc::strong_count(&one.1) == 1).count()
        };
        idle
    }
}
