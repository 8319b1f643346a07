//! The counts, walked as a table: everything that three workers can do, beside a ledger that never
//! looks at the word.

use std::collections::HashSet;

use super::{Counts, FIELD_MAX, Place, Rester, WIDTH, Wish};

const WORKERS: usize = 3;
const SEATS: usize = 2;

/// Where each worker is, told apart from the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    Busy,
    Searching,
    Spinning,
    Seated,
    Napping,
    Asleep,
}

use Role::{Asleep, Busy, Napping, Searching, Seated, Spinning};

/// The word and the ledger.
#[derive(Clone, Copy, Debug)]
struct Scene {
    counts: Counts,
    roles: [Role; WORKERS],
    /// Calls to the reactor that nobody has answered.
    unanswered: usize,
}

impl Scene {
    fn in_role(&self, role: Role) -> usize {
        self.roles.iter().filter(|&&other| other == role).count()
    }

    fn moved(mut self, worker: usize, role: Role, counts: Counts) -> Self {
        self.roles[worker] = role;
        self.counts = counts;
        self
    }

    /// Every scene that one step of this worker leads to.
    fn steps(self, worker: usize) -> Vec<Self> {
        let counts = self.counts;
        match self.roles[worker] {
            Busy => {
                let mut next = self.rests(worker, counts);
                next.push(self.moved(worker, Searching, counts.start_search()));
                next
            }
            Searching => {
                let ended = counts.end_search();
                let mut next = self.rests(worker, ended);
                next.push(self.moved(worker, Busy, ended));
                next
            }
            Spinning => self.leaves(worker, Place::Spin),
            Napping => self.leaves(worker, Place::Nap),
            Seated => {
                let (left, answers) = counts.leave_seat();
                let mut next = self.moved(worker, if answers { Searching } else { Busy }, left);
                assert_eq!(answers, self.unanswered > 0);
                next.unanswered = self.unanswered.saturating_sub(1);
                vec![next]
            }
            Asleep => vec![self.moved(worker, Busy, counts.wake_up())],
        }
    }

    /// It goes back to work, or settles.
    fn leaves(self, worker: usize, place: Place) -> Vec<Self> {
        let other = (worker + 1) % WORKERS;
        assert_eq!(self.counts.leave(other, place), None, "{self:?}");
        let left = self.counts.leave(worker, place).unwrap();
        let mut next = self.rests(worker, left);
        next.push(self.moved(worker, Busy, left));
        next
    }

    /// Wherever there is room. What the worker would choose must be among it.
    fn rests(self, worker: usize, counts: Counts) -> Vec<Self> {
        let places = [
            (Place::Spin, Spinning),
            (Place::Seat, Seated),
            (Place::Nap, Napping),
            (Place::Asleep, Asleep),
        ];
        for wish in [(false, false), (false, true), (true, false), (true, true)] {
            let (spin, nap) = wish;
            let chosen = counts.choose(Wish { spin, nap }, SEATS);
            assert!(counts.enter(worker, chosen, SEATS).is_some(), "{self:?}");
        }
        let enter = |(place, role)| {
            let counts = counts.enter(worker, place, SEATS)?;
            Some(self.moved(worker, role, counts))
        };
        places.into_iter().filter_map(enter).collect()
    }

    /// What a publisher does, if it does anything.
    fn called(self) -> Option<Self> {
        let rester = self.counts.to_call()?;
        let counts = self.counts.called(rester);
        match rester {
            Rester::Spinner(worker) => {
                assert_eq!(self.roles[worker], Spinning);
                Some(self.moved(worker, Searching, counts))
            }
            Rester::Seated => Some(Self {
                counts,
                unanswered: self.unanswered + 1,
                ..self
            }),
            Rester::Monitor(worker) => {
                assert_eq!(self.roles[worker], Napping);
                Some(self.moved(worker, Searching, counts))
            }
            Rester::Asleep => {
                let sleeper = self.roles.iter().position(|&role| role == Asleep);
                Some(self.moved(sleeper.unwrap(), Searching, counts))
            }
        }
    }

    fn check(&self) {
        let counts = self.counts;
        assert_eq!(counts.seated(), self.in_role(Seated), "{self:?}");
        assert_eq!(counts.asleep(), self.in_role(Asleep), "{self:?}");
        assert_eq!(counts.tokens(), self.unanswered, "{self:?}");
        assert!(counts.tokens() <= counts.seated(), "{self:?}");
        let searching = self.in_role(Searching) + self.unanswered;
        assert_eq!(counts.searching(), searching, "{self:?}");
        let spinner = self.roles.iter().position(|&role| role == Spinning);
        assert_eq!(counts.spinner(), spinner, "{self:?}");
        let monitor = self.roles.iter().position(|&role| role == Napping);
        assert_eq!(counts.monitor(), monitor, "{self:?}");
        let watches = |role| self.in_role(role) > 0;
        let is_watched = watches(Seated) || watches(Spinning) || watches(Napping);
        assert_eq!(counts.is_watched(), is_watched, "{self:?}");
        self.check_call();
    }

    /// Somebody is called if and only if nobody searches and somebody rests uncalled: the one that
    /// is cheapest to wake.
    fn check_call(&self) {
        let expected = if self.in_role(Searching) + self.unanswered > 0 {
            None
        } else if let Some(worker) = self.roles.iter().position(|&role| role == Spinning) {
            Some(Rester::Spinner(worker))
        } else if self.in_role(Seated) > 0 {
            Some(Rester::Seated)
        } else if let Some(worker) = self.roles.iter().position(|&role| role == Napping) {
            Some(Rester::Monitor(worker))
        } else if self.in_role(Asleep) > 0 {
            Some(Rester::Asleep)
        } else {
            None
        };
        assert_eq!(self.counts.to_call(), expected, "{self:?}");
    }
}

#[test]
fn the_word_agrees_with_a_ledger_in_all_that_three_workers_can_do() {
    let start = Scene {
        counts: Counts::BUSY,
        roles: [Busy; WORKERS],
        unanswered: 0,
    };
    let (mut seen, mut open) = (HashSet::new(), vec![start]);
    while let Some(scene) = open.pop() {
        if !seen.insert((scene.counts.0, scene.roles)) {
            continue;
        }
        scene.check();
        open.extend((0..WORKERS).flat_map(|worker| scene.steps(worker)));
        open.extend(scene.called());
    }
    // So that a step which vanishes is noticed.
    assert_eq!(seen.len(), SCENES);
}

/// How many there are.
const SCENES: usize = 248;

#[test]
fn every_field_holds_its_largest_value_without_touching_the_others() {
    let full = FIELD_MAX as u64;
    for shift in (0..6).map(|field| field * WIDTH) {
        let counts = Counts(full << shift);
        let number = |worker: Option<usize>| worker.map_or(0, |index| index + 1);
        let fields = [
            counts.searching(),
            counts.seated(),
            counts.tokens(),
            counts.asleep(),
            number(counts.spinner()),
            number(counts.monitor()),
        ];
        for (place, field) in (0..).zip(fields) {
            let expected = if place * WIDTH == shift { FIELD_MAX } else { 0 };
            assert_eq!(field, expected);
        }
    }
    let full = Counts((1 << (6 * WIDTH)) - 1);
    let no_spinner = full.leave(FIELD_MAX - 1, Place::Spin).unwrap();
    assert_eq!(
        (no_spinner.spinner(), no_spinner.asleep()),
        (None, FIELD_MAX)
    );
    assert_eq!(no_spinner.monitor(), Some(FIELD_MAX - 1));
}

#[test]
fn beside_a_monitor_one_seat_is_enough_and_none_beside_a_spinner_too() {
    let nap = Counts::BUSY.enter(0, Place::Nap, SEATS).unwrap();
    let one = nap.enter(1, Place::Seat, SEATS).unwrap();
    assert_eq!(one.choose(Wish::default(), SEATS), Place::Asleep);
    let both = nap.enter(1, Place::Spin, SEATS).unwrap();
    assert_eq!(both.choose(Wish::default(), SEATS), Place::Asleep);
    assert_eq!(Counts::BUSY.choose(Wish::default(), SEATS), Place::Seat);
}

#[test]
fn a_wish_is_granted_to_one_worker_only() {
    let wish = Wish {
        spin: true,
        nap: true,
    };
    let spins = Counts::BUSY.enter(0, Place::Spin, SEATS).unwrap();
    assert_eq!(spins.choose(wish, SEATS), Place::Nap);
    let naps = spins.enter(1, Place::Nap, SEATS).unwrap();
    assert!(!matches!(
        naps.choose(wish, SEATS),
        Place::Spin | Place::Nap
    ));
}
