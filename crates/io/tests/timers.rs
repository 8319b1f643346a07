//! Timers beside an ordered map, whatever bytes say. The fuzzer's target `timers` includes this
//! file and feeds [`check`]; the test here feeds it random bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use bowerbird_io::{Deadline, TimerKey, Timers};

/// A waker that writes its number down.
struct Note {
    number: usize,
    written: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.written
            .lock()
            .expect("nobody panics under it")
            .push(self.number);
    }
}

/// The real timers, and what they should be.
struct Both {
    timers: Timers,
    /// By deadline, then by when it got that: the number of whom it wakes.
    naive: BTreeMap<(u64, usize), usize>,
    /// Every key that was ever given, with its place in the map.
    keys: Vec<(TimerKey, (u64, usize))>,
    now: u64,
    /// Counts steps.
    step: usize,
    written: Arc<Mutex<Vec<usize>>>,
}

/// Plays the bytes.
///
/// # Panics
/// When the timers do not do what the map does.
pub fn check(bytes: &[u8]) {
    let mut both = Both {
        timers: Timers::new(),
        naive: BTreeMap::new(),
        keys: Vec::new(),
        now: 0,
        step: 0,
        written: Arc::default(),
    };
    let mut bytes = bytes.iter().copied();
    while let Some(what) = bytes.next() {
        let mut number = || bytes.next().unwrap_or(0);
        // Any length, from nanoseconds to beyond the highest level of the wheel.
        let span = u64::from(number()) << (number() % 56);
        let which = usize::from(number());
        both.step += 1;
        match what % 8 {
            0..=2 => both.insert(span),
            3 => both.remove(which),
            4 => both.reset(which, span),
            5 => both.update(which),
            _ => both.expire(span),
        }
        both.compare();
    }
    let left = both.timers.drain();
    assert_eq!(left.len(), both.naive.len());
    assert!(
        both.timers
            .insert(Deadline::from_nanos(1), Waker::noop().clone())
            .is_err()
    );
}

impl Both {
    fn waker(&self) -> Waker {
        Waker::from(Arc::new(Note {
            number: self.step,
            written: self.written.clone(),
        }))
    }

    /// Half of them relative to now, half of them absolute, many of these in the past.
    fn time(&self, span: u64) -> u64 {
        let base = if self.step % 2 == 0 { self.now } else { 0 };
        base.saturating_add(span)
    }

    fn first(&self) -> Option<u64> {
        self.naive.keys().next().map(|(at, _)| *at)
    }

    fn insert(&mut self, span: u64) {
        let at = self.time(span);
        let was_first = self.first().is_none_or(|first| at < first);
        let announced = self.timers.next_deadline();
        let inserted = self.timers.insert(Deadline::from_nanos(at), self.waker());
        let inserted = inserted.expect("it is not drained");
        // An announcement that is too early already need not be made again.
        let is_news = was_first && Deadline::from_nanos(at) < announced;
        assert_eq!(inserted.became_earliest, is_news);
        self.keys.push((inserted.key, (at, self.step)));
        self.naive.insert((at, self.step), self.step);
    }

    fn pick(&self, which: usize) -> Option<usize> {
        (!self.keys.is_empty()).then(|| which % self.keys.len())
    }

    fn remove(&mut self, which: usize) {
        let Some(at) = self.pick(which) else { return };
        let (key, place) = self.keys[at];
        let taken = self.timers.remove(key);
        assert_eq!(taken.is_some(), self.naive.remove(&place).is_some());
    }

    fn reset(&mut self, which: usize, span: u64) {
        let Some(picked) = self.pick(which) else {
            return;
        };
        let (key, place) = self.keys[picked];
        let at = self.time(span);
        let is_reset = self.timers.reset(key, Deadline::from_nanos(at)).is_some();
        let waiting = self.naive.remove(&place);
        assert_eq!(is_reset, waiting.is_some());
        if let Some(number) = waiting {
            self.keys[picked].1 = (at, self.step);
            self.naive.insert((at, self.step), number);
        }
    }

    fn update(&mut self, which: usize) {
        let Some(at) = self.pick(which) else { return };
        let (key, place) = self.keys[at];
        let is_updated = self.timers.update(key, &self.waker());
        let waiting = self.naive.get_mut(&place);
        assert_eq!(is_updated, waiting.is_some());
        if let Some(number) = waiting {
            *number = self.step;
        }
    }

    fn expire(&mut self, span: u64) {
        self.now = self.now.saturating_add(span);
        let mut wakers = Vec::new();
        let fired = self
            .timers
            .expire(Deadline::from_nanos(self.now), &mut wakers);
        assert_eq!(fired, wakers.len());
        bowerbird_io::wake_all(&mut wakers);
        // Steps never get that far, but the time may be the last there is.
        let later = self.naive.split_off(&(self.now, usize::MAX));
        let due = std::mem::replace(&mut self.naive, later);
        let woken = std::mem::take(&mut *self.written.lock().expect("nobody panics under it"));
        assert_eq!(woken, due.into_values().collect::<Vec<_>>());
    }

    fn compare(&self) {
        assert_eq!(self.timers.len(), self.naive.len());
        match self.first() {
            None => assert_eq!(self.timers.next_deadline(), Deadline::NEVER),
            Some(first) => assert!(self.timers.next_deadline() <= Deadline::from_nanos(first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn timers_do_what_an_ordered_map_does(bytes: Vec<u8>) {
            super::check(&bytes);
        }
    }
}
