//! Promises of the wheel, and a comparison with an ordered map.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// Wakers that write their number down, to see who is handed out and in which order.
#[derive(Default)]
struct Ledger(Arc<Mutex<Vec<usize>>>);

/// One number in a ledger.
struct Entry(usize, Arc<Mutex<Vec<usize>>>);

impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

impl Ledger {
    fn waker(&self, number: usize) -> Waker {
        Waker::from(Arc::new(Entry(number, Arc::clone(&self.0))))
    }

    /// The numbers of these wakers, in their order.
    fn read(&self, wakers: Vec<Waker>) -> Vec<usize> {
        for waker in wakers {
            waker.wake();
        }
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn expire(&self, wheel: &mut Wheel, now: u64) -> Vec<usize> {
        let mut wakers = Vec::new();
        wheel.expire(Deadline::from_nanos(now), &mut wakers);
        self.read(wakers)
    }
}

fn at(nanos: u64) -> Deadline {
    Deadline::from_nanos(nanos)
}

/// Lengths that end inside, at and beyond every level's span.
fn spans() -> impl Iterator<Item = u64> {
    (0..=LEVELS).flat_map(|level| {
        let span = 1_u64 << shift(level);
        [span - 1, span, span + 1, span * 3 + 7]
    })
}

#[test]
fn a_lone_timer_is_announced_exactly_however_far_it_is() {
    let ledger = Ledger::default();
    for (number, span) in spans().chain([10_000_000_000, u64::MAX - 1]).enumerate() {
        let mut wheel = Wheel::new();
        assert_eq!(ledger.expire(&mut wheel, 123_456_789), []);
        let due = 123_456_789_u64.saturating_add(span);
        wheel.insert(at(due), ledger.waker(number));
        assert_eq!(wheel.next_deadline(), at(due));
        assert_eq!(ledger.expire(&mut wheel, due - 1), [], "fired early");
        assert_eq!(wheel.next_deadline(), at(due));
        assert_eq!(ledger.expire(&mut wheel, due), [number]);
        assert_eq!(wheel.next_deadline(), Deadline::NEVER);
        assert_eq!(wheel.len(), 0);
    }
}

#[test]
fn timers_of_one_slot_fire_by_deadline_and_later_ones_stay() {
    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    for (number, due) in [900, 300, 700, 300].into_iter().enumerate() {
        wheel.insert(at(due), ledger.waker(number));
    }
    assert_eq!(ledger.expire(&mut wheel, 700), [1, 3, 2]);
    assert_eq!(wheel.next_deadline(), at(900));
    assert_eq!(ledger.expire(&mut wheel, 899), []);
    assert_eq!(ledger.expire(&mut wheel, 900), [0]);
}

#[test]
fn equal_deadlines_keep_their_order_through_every_level() {
    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    let due = (1 << shift(LEVELS)) + (5 << 40) + 12_345;
    // One more timer after each approach, so that each is first placed on a lower level.
    for number in 0..=LEVELS {
        wheel.insert(at(due), ledger.waker(number));
        let left = 1_u64 << shift(LEVELS - number);
        assert_eq!(ledger.expire(&mut wheel, due - left), []);
    }
    assert_eq!(
        ledger.expire(&mut wheel, due),
        (0..=LEVELS).collect::<Vec<_>>()
    );
}

#[test]
fn a_deadline_in_the_past_fires_at_the_next_look() {
    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    ledger.expire(&mut wheel, 1 << 40);
    wheel.insert(at(17), ledger.waker(1));
    wheel.insert(Deadline::ORIGIN, ledger.waker(2));
    assert_eq!(wheel.next_deadline(), Deadline::ORIGIN);
    assert_eq!(ledger.expire(&mut wheel, 1 << 40), [2, 1]);
}

#[test]
fn a_key_of_a_fired_or_removed_timer_is_harmless() {
    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    let fired = wheel.insert(at(5), ledger.waker(1));
    ledger.expire(&mut wheel, 5);
    let removed = wheel.insert(at(50), ledger.waker(2));
    assert!(wheel.remove(removed).is_some());
    let lives = wheel.insert(at(60), ledger.waker(3));
    for stale in [fired, removed] {
        assert!(wheel.remove(stale).is_none());
        assert!(!wheel.reset(stale, at(1)));
        assert!(wheel.is_waking(stale, Waker::noop()).is_none());
        assert!(wheel.replace(stale, Waker::noop().clone()).is_err());
    }
    assert_eq!(wheel.len(), 1);
    assert!(wheel.remove(lives).is_some());
}

#[test]
fn a_removed_earliest_timer_costs_at_most_one_early_look() {
    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    let early = wheel.insert(at(10_000_000_000), ledger.waker(1));
    wheel.insert(at(10_100_000_000), ledger.waker(2));
    wheel.remove(early);
    let announced = wheel.next_deadline();
    assert!(announced <= at(10_100_000_000));
    assert_eq!(ledger.expire(&mut wheel, announced.as_nanos()), []);
    assert_eq!(wheel.next_deadline(), at(10_100_000_000));
}

#[test]
fn draining_hands_out_every_waker() {
    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    for (number, span) in spans().enumerate() {
        wheel.insert(at(span), ledger.waker(number));
    }
    let mut wakers = Vec::new();
    wheel.drain(&mut wakers);
    let mut drained = ledger.read(wakers);
    drained.sort_unstable();
    assert_eq!(drained, (0..spans().count()).collect::<Vec<_>>());
    assert_eq!((wheel.len(), wheel.next_deadline()), (0, Deadline::NEVER));
}

#[test]
fn never_is_never_due() {
    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    wheel.insert(Deadline::NEVER, ledger.waker(1));
    assert_eq!(wheel.next_deadline(), Deadline::NEVER);
    assert_eq!(ledger.expire(&mut wheel, u64::MAX - 1), []);
    assert_eq!(wheel.len(), 1);
}

/// What a test does to the wheel and to its model.
#[derive(Clone, Debug)]
enum Step {
    /// Insert at this distance from now.
    Insert(u64),
    /// Insert at the deadline of the n-th timer that was ever inserted.
    InsertEqual(usize),
    /// Remove the n-th timer that was ever inserted.
    Remove(usize),
    /// Move the n-th timer to this distance from now.
    Reset(usize, u64),
    /// Let this much time pass.
    Advance(u64),
    /// Let time pass until the wheel says that something is due.
    AdvanceToNext,
}

/// Distances of every magnitude, so that each level and the overflow list are met.
fn distance() -> impl Strategy<Value = u64> {
    prop_oneof![
        20 => (0_u32..56, any::<u64>()).prop_map(|(bits, noise)| noise & ((1 << bits) - 1)),
        1 => Just(u64::MAX),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let nth = || any::<prop::sample::Index>().prop_map(|index| index.index(64));
    prop_oneof![
        6 => distance().prop_map(Step::Insert),
        2 => nth().prop_map(Step::InsertEqual),
        2 => nth().prop_map(Step::Remove),
        2 => (nth(), distance()).prop_map(|(nth, distance)| Step::Reset(nth, distance)),
        2 => distance().prop_map(Step::Advance),
        3 => Just(Step::AdvanceToNext),
    ]
}

/// The wheel beside the ordered map that it must agree with.
struct Twins {
    wheel: Wheel,
    ledger: Ledger,
    /// Number of the timer by deadline and time of insertion.
    model: BTreeMap<(u64, usize), usize>,
    /// Key, and place in the model, of each timer ever inserted.
    timers: Vec<(TimerKey, (u64, usize))>,
    /// Counts insertions and resets.
    order: usize,
    now: u64,
}

impl Twins {
    fn insert(&mut self, due: u64) {
        let number = self.timers.len();
        let key = self.wheel.insert(at(due), self.ledger.waker(number));
        let place = self.next_place(due);
        self.model.insert(place, number);
        self.timers.push((key, place));
    }

    fn next_place(&mut self, due: u64) -> (u64, usize) {
        self.order += 1;
        (due, self.order)
    }

    fn remove(&mut self, nth: usize) {
        if let Some((key, place)) = self.timers.get(nth) {
            let removed = self.wheel.remove(*key);
            assert_eq!(removed.is_some(), self.model.remove(place).is_some());
        }
    }

    fn reset(&mut self, nth: usize, due: u64) {
        if let Some((key, place)) = self.timers.get(nth).copied() {
            let number = self.model.remove(&place);
            assert_eq!(self.wheel.reset(key, at(due)), number.is_some());
            if let Some(number) = number {
                let place = self.next_place(due);
                self.model.insert(place, number);
                self.timers[nth].1 = place;
            }
        }
    }

    fn advance(&mut self, now: u64) {
        self.now = now;
        let later = self.model.split_off(&(now.saturating_add(1), 0));
        let due = std::mem::replace(&mut self.model, later);
        let expected: Vec<_> = due.into_values().collect();
        assert_eq!(self.ledger.expire(&mut self.wheel, now), expected);
    }

    fn take(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Insert(distance) => self.insert(now.saturating_add(distance)),
            Step::InsertEqual(nth) => {
                if let Some((_, (due, _))) = self.timers.get(nth) {
                    self.insert(*due);
                }
            }
            Step::Remove(nth) => self.remove(nth),
            Step::Reset(nth, distance) => self.reset(nth, now.saturating_add(distance)),
            Step::Advance(distance) => self.advance(now.saturating_add(distance).min(u64::MAX - 1)),
            Step::AdvanceToNext => {
                let next = self.wheel.next_deadline().as_nanos();
                self.advance(next.max(now).min(u64::MAX - 1));
            }
        }
        let first = self.model.keys().next().map_or(u64::MAX, |(due, _)| *due);
        assert!(
            self.wheel.next_deadline().as_nanos() <= first,
            "announced too late"
        );
        assert_eq!(self.wheel.len(), self.model.len());
    }
}

#[test]
fn half_of_many_timers_removed_leaves_the_other_half() {
    let mut wheel = Wheel::new();
    let keys: Vec<_> = (0..200_000_u64)
        .map(|n| wheel.insert(at(30_000_000_000 + n * 1_000), Waker::noop().clone()))
        .collect();
    assert_eq!(wheel.len(), keys.len());
    for key in keys.iter().step_by(2) {
        assert!(wheel.remove(*key).is_some());
    }
    let mut wakers = Vec::new();
    let end = Deadline::ORIGIN.after(Duration::from_secs(60));
    wheel.expire(end, &mut wakers);
    assert_eq!(wakers.len(), keys.len() / 2);
}

/// Every third is removed, some are moved; a sorted list says what is left.
#[test]
fn fault_053_a_million_timers_come_in_order_though_many_moved_or_went() {
    const MILLION: usize = 1_000_000;

    let ledger = Ledger::default();
    let mut wheel = Wheel::new();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut due = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % 3_600_000_000_000
    };
    let mut model = Vec::with_capacity(MILLION);
    for number in 0..MILLION {
        let first = due();
        let key = wheel.insert(at(first), ledger.waker(number));
        if number % 3 == 0 {
            assert!(wheel.remove(key).is_some());
        } else if number % 4 == 0 {
            let other = due();
            assert!(wheel.reset(key, at(other)));
            model.push((other, number));
        } else {
            model.push((first, number));
        }
    }
    assert_eq!(wheel.len(), model.len());
    model.sort_unstable();
    let expected: Vec<_> = model.into_iter().map(|(_, number)| number).collect();
    assert!(ledger.expire(&mut wheel, 3_600_000_000_000) == expected);
    assert_eq!(wheel.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn fault_053_the_wheel_agrees_with_a_map(steps in prop::collection::vec(step(), 1..160)) {
        let mut twins = Twins {
            wheel: Wheel::new(),
            ledger: Ledger::default(),
            model: BTreeMap::new(),
            timers: Vec::new(),
            order: 0,
            now: 0,
        };
        for step in steps {
            twins.take(step);
        }
    }

    #[test]
    fn without_removals_every_announcement_is_exact(
        distances in prop::collection::vec(distance(), 1..80),
    ) {
        let mut wheel = Wheel::new();
        for distance in &distances {
            wheel.insert(at(*distance), Waker::noop().clone());
        }
        let mut looks = 0;
        while !wheel.next_deadline().is_never() {
            let mut wakers = Vec::new();
            wheel.expire(wheel.next_deadline(), &mut wakers);
            prop_assert!(!wakers.is_empty(), "woken for nothing");
            looks += 1;
        }
        prop_assert!(looks <= distances.len());
    }
}
