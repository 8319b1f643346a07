//! The counts, walked as a table: everything that three workers can do, beside a ledger that never
//! looks at the word.

use std::collections::HashSet;

use super::{Counts, FIELD_MAX, Rester};

const WORKERS: usize = 3;
const SEATS: usize = 2;

/// Where each worker is, told apart from the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    Busy,
    Searching,
    Spinning,
    Seated,
    Asleep,
}

use Role::{Asleep, Busy, Searching, Seated, Spinning};

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
            Busy => self.rests(worker, counts, Some(counts.start_search())),
            Searching => {
                let ended = counts.end_search();
                let mut next = self.rests(worker, ended, None);
                next.push(self.moved(worker, Busy, ended));
                next
            }
            Spinning => {
                let mut next = self.rests(worker, counts.with_spinner(None), None);
                next.push(self.moved(worker, Busy, counts.with_spinner(None)));
                next
            }
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

    fn rests(self, worker: usize, counts: Counts, search: Option<Counts>) -> Vec<Self> {
        let mut next = vec![];
        next.extend(search.map(|counts| self.moved(worker, Searching, counts)));
        if counts.seated() < SEATS {
            next.push(self.moved(worker, Seated, counts.take_seat()));
        } else {
            next.push(self.moved(worker, Asleep, counts.fall_asleep()));
        }
        if counts.spinner().is_none() {
            next.push(self.moved(worker, Spinning, counts.with_spinner(Some(worker))));
        }
        next
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
const SCENES: usize = 152;

#[test]
fn every_field_holds_its_largest_value_without_touching_the_others() {
    let full = FIELD_MAX as u64;
    for shift in [0, 12, 24, 36, 48] {
        let counts = Counts(full << shift);
        let fields = [
            counts.searching(),
            counts.seated(),
            counts.tokens(),
            counts.asleep(),
            counts.spinner().map_or(0, |index| index + 1),
        ];
        for (place, field) in fields.into_iter().enumerate() {
            let expected = if place as u32 * 12 == shift {
                FIELD_MAX
            } else {
                0
            };
            assert_eq!(field, expected);
        }
    }
    let spinner = Counts(u64::MAX >> 4).with_spinner(None);
    assert_eq!((spinner.spinner(), spinner.asleep()), (None, FIELD_MAX));
}
