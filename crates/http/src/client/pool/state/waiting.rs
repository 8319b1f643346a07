//! The lines of a pool: one for each host, with numbers in the order of all. Who came first is
//! served first, but for those whose own host is full: they hold nobody else up.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Instant;

use super::{ClientError, Granted, Key, SeenOff, State, Ticket, Wakes, Wanted};

impl State {
    /// Joins the line; the number it waits under.
    pub(super) fn join_line(&mut self, key: &Key, wanted: Wanted) -> u64 {
        let number = self.numbers;
        self.numbers += 1;
        self.waiting += 1;
        let host = self.hosts.entry(key.clone()).or_default();
        host.line.push_back(Ticket {
            number,
            wanted,
            waker: None,
        });
        number
    }

    /// Gives those in line what is to be had now.
    pub(super) fn serve(&mut self, now: Instant, seen_off: &mut SeenOff) -> Wakes {
        let mut wakes = Wakes::default();
        let mut is_served = true;
        while is_served && self.waiting > 0 && !self.is_closed {
            is_served = false;
            for (wanted, key) in self.fronts() {
                if let Some(granted) = self.grant(&key, wanted, now, seen_off) {
                    self.hand_over(&key, granted, &mut wakes);
                    is_served = true;
                }
            }
        }
        wakes
    }

    /// The first in each line, who came first of all first.
    fn fronts(&self) -> Vec<(Wanted, Key)> {
        let mut fronts = Vec::new();
        for (key, host) in &self.hosts {
            let ticket = host.line.front();
            fronts.extend(ticket.map(|one| (one.number, one.wanted, key.clone())));
        }
        fronts.sort_unstable_by_key(|front| front.0);
        let fronts = fronts.into_iter();
        fronts.map(|(_, wanted, key)| (wanted, key)).collect()
    }

    fn hand_over(&mut self, key: &Key, granted: Granted, wakes: &mut Wakes) {
        let line = self.hosts.get_mut(key).map(|host| &mut host.line);
        if let Some(ticket) = line.and_then(VecDeque::pop_front) {
            self.waiting -= 1;
            self.granted.insert(ticket.number, granted);
            wakes.0.extend(ticket.waker);
        }
    }

    /// What was handed over to this number, if anything yet; and a waker to be dropped after the
    /// lock.
    pub(in crate::client::pool) fn collect(
        &mut self,
        key: &Key,
        number: u64,
        waker: &Waker,
    ) -> (Option<Result<Granted, ClientError>>, Option<Waker>) {
        if self.is_closed {
            return (Some(Err(ClientError::SessionClosed)), None);
        }
        if let Some(granted) = self.granted.remove(&number) {
            return (Some(Ok(granted)), None);
        }
        let line = self.hosts.get_mut(key).map(|host| &mut host.line);
        let ticket = line.and_then(|line| {
            let at = line.binary_search_by_key(&number, |one| one.number).ok()?;
            line.get_mut(at)
        });
        let old = ticket.and_then(|ticket| ticket.waker.replace(waker.clone()));
        (None, old)
    }

    /// Leaves the line; what had been handed over goes to the next.
    pub(in crate::client::pool) fn leave(
        &mut self,
        key: &Key,
        number: u64,
        now: Instant,
    ) -> (Wakes, SeenOff, Option<Waker>) {
        let (wakes, seen_off) = match self.granted.remove(&number) {
            Some(Granted::Idle(idle)) => self.keep(key, idle, now),
            Some(Granted::Dial) => self.release(key, true, now),
            #[cfg(feature = "http2")]
            Some(Granted::Shared(shared)) => {
                (Wakes::default(), vec![super::Connection::Http2(shared)])
            }
            None => {
                return (
                    Wakes::default(),
                    SeenOff::new(),
                    self.quit_line(key, number),
                );
            }
        };
        (wakes, seen_off, None)
    }

    /// Takes a ticket out of the line, and hands its waker back.
    fn quit_line(&mut self, key: &Key, number: u64) -> Option<Waker> {
        let line = &mut self.hosts.get_mut(key)?.line;
        let at = line.binary_search_by_key(&number, |one| one.number).ok()?;
        let ticket = line.remove(at)?;
        self.waiting -= 1;
        // The host was there for the line alone, perhaps.
        self.free(key, 0);
        ticket.waker
    }

    /// Wakes everybody who waits: nothing more is handed out.
    pub(super) fn send_all_home(&mut self) -> Wakes {
        let mut wakes = Wakes::default();
        for host in self.hosts.values_mut() {
            let line = host.line.drain(..);
            wakes.0.extend(line.filter_map(|ticket| ticket.waker));
        }
        self.waiting = 0;
        self.hosts.retain(|_, host| host.open > 0);
        wakes
    }
}
