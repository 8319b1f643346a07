//! One state of a task: the word, beside a ledger of who holds what. The ledger follows the rules
//! that the cell keeps (one runner, one handle, references given back once) and never looks at the
//! word to decide; so wherever the two part, the word is wrong.

use super::super::*;

/// How many `TaskRef`s and wakers the walk lets exist at once.
const MOST_REFERENCES: usize = 2;

/// Where the one runner of a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Runner {
    /// Nobody may poll: idle, or done.
    None,
    /// A `Runnable` lies in a queue, or in somebody's hand.
    Queued,
    /// It was started and polls, or delivers a request.
    Polling,
    /// The future is gone, and the finisher has decided whether to keep the output.
    Ending(Ending),
    /// DONE is set and the finisher still owes its references.
    Owing,
}

/// Where the handle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Handle {
    /// The awaiter's slot is its own.
    Free,
    /// It left a waker in the slot and set AWAITER.
    Left,
    /// It found the task done; the output is its own.
    Seen,
    /// It is gone.
    Gone,
}

/// Where the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Output {
    /// There is none yet.
    Unmade,
    /// It lies in the cell.
    Kept,
    /// It was taken or dropped, once.
    Spent,
}

/// A step that somebody may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Event {
    Retain,
    Release,
    Wake,
    Cancel,
    Abort,
    Uncancel,
    SetCold,
    Start,
    Pause,
    TakeRequest,
    Decide,
    DecideCancelled,
    Finish,
    Settle,
    SetAwaiter,
    ClearAwaiter,
    Look,
    Detach,
    Spend,
}

pub(super) const EVENTS: [Event; 19] = [
    Event::Retain,
    Event::Release,
    Event::Wake,
    Event::Cancel,
    Event::Abort,
    Event::Uncancel,
    Event::SetCold,
    Event::Start,
    Event::Pause,
    Event::TakeRequest,
    Event::Decide,
    Event::DecideCancelled,
    Event::Finish,
    Event::Settle,
    Event::SetAwaiter,
    Event::ClearAwaiter,
    Event::Look,
    Event::Detach,
    Event::Spend,
];

/// The word, and the ledger beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Scene {
    pub(super) word: usize,
    pub(super) runner: Runner,
    handle: Handle,
    output: Output,
    /// The registry keeps its reference.
    registered: bool,
    /// `TaskRef`s and wakers.
    references: usize,
    /// What the finisher gives back when it is through.
    owed: usize,
    /// The finisher saw AWAITER: the slot is its own.
    claimed: bool,
    /// It ended as a cancelled one.
    cancelled: bool,
    /// Somebody was told that the cell is to be freed.
    pub(super) freed: bool,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            word: State::NEW.0,
            runner: Runner::Queued,
            handle: Handle::Free,
            output: Output::Unmade,
            registered: true,
            references: 0,
            owed: 0,
            claimed: false,
            cancelled: false,
            freed: false,
        }
    }

    fn flag(&self, flag: usize) -> bool {
        State(self.word).is(flag)
    }

    fn is_done(&self) -> bool {
        self.flag(DONE)
    }

    /// Whether anybody is left who may call `wake`, `cancel` and the like: they need a reference.
    fn has_caller(&self) -> bool {
        self.references > 0 || self.registered || self.handle != Handle::Gone
    }

    /// Does `event` with the real word; `None` where nobody may do it.
    pub(super) fn after(mut self, event: Event) -> Option<Self> {
        if self.freed {
            return None;
        }
        let word = AtomicState(AtomicUsize::new(self.word));
        let open = match event {
            Event::Retain | Event::Release => self.count(event, &word),
            Event::Wake | Event::Cancel | Event::Abort | Event::Uncancel | Event::SetCold => {
                self.ask(event, &word)
            }
            Event::Start | Event::Pause | Event::TakeRequest => self.poll(event, &word),
            Event::Decide | Event::DecideCancelled | Event::Finish | Event::Settle => {
                self.end(event, &word)
            }
            Event::SetAwaiter | Event::ClearAwaiter | Event::Look => self.wait(event, &word),
            Event::Detach | Event::Spend => self.let_go(event, &word),
        };
        self.word = word.0.load(Ordering::Relaxed);
        open.then_some(self)
    }

    fn count(&mut self, event: Event, word: &AtomicState) -> bool {
        match event {
            Event::Retain if self.references < MOST_REFERENCES && self.has_caller() => {
                word.retain();
                self.references += 1;
            }
            Event::Release if self.references > 0 => {
                self.freed = word.release(1);
                self.references -= 1;
            }
            _ => return false,
        }
        true
    }

    fn ask(&mut self, event: Event, word: &AtomicState) -> bool {
        if !self.has_caller() {
            return false;
        }
        let done = self.is_done();
        match event {
            Event::Wake => self.enqueue(word.wake()),
            Event::Cancel | Event::Abort => match word.cancel(event == Event::Abort) {
                Some(duty) => {
                    assert!(!done, "a done task takes no request");
                    self.enqueue(duty);
                }
                None => assert!(done, "a living task takes every request"),
            },
            Event::Uncancel => {
                let _was_pending = word.take_request();
            }
            _ => assert_eq!(
                word.set_cold(),
                done,
                "its caller must learn that it is too late"
            ),
        }
        true
    }

    /// Enqueue comes exactly when nobody has the right to poll, nor ever had it taken for good.
    fn enqueue(&mut self, duty: Woken) {
        let idle = self.runner == Runner::None && !self.is_done();
        assert_eq!(duty == Woken::Enqueue, idle, "{self:?}");
        if idle {
            self.runner = Runner::Queued;
        }
    }

    fn poll(&mut self, event: Event, word: &AtomicState) -> bool {
        match (event, self.runner) {
            (Event::Start, Runner::Queued) => {
                let expected = match (self.flag(ABORT), self.flag(CANCEL)) {
                    (true, _) => Started::Abort,
                    (false, true) => Started::Cancel,
                    (false, false) => Started::Poll,
                };
                assert_eq!(word.start(), expected);
                self.runner = Runner::Polling;
            }
            (Event::TakeRequest, Runner::Polling) => {
                assert_eq!(word.take_request(), self.flag(CANCEL));
            }
            (Event::Pause, Runner::Polling) => {
                let woken = self.flag(QUEUED);
                let duty = word.pause();
                assert_eq!(
                    duty == Paused::Requeue,
                    woken,
                    "a wake during the poll is kept"
                );
                self.runner = if woken { Runner::Queued } else { Runner::None };
            }
            _ => return false,
        }
        true
    }

    fn end(&mut self, event: Event, word: &AtomicState) -> bool {
        match (event, self.runner) {
            (Event::Decide | Event::DecideCancelled, Runner::Polling) => {
                let kept = State(self.word).has_handle();
                let cancelled = event == Event::DecideCancelled;
                self.runner = Runner::Ending(Ending { kept, cancelled });
                self.output = if kept { Output::Kept } else { Output::Spent };
            }
            (Event::Finish, Runner::Ending(ending)) => self.finish(ending, word),
            (Event::Settle, Runner::Owing) => {
                self.freed = word.release(self.owed);
                self.owed = 0;
                self.runner = Runner::None;
            }
            _ => return false,
        }
        true
    }

    fn finish(&mut self, ending: Ending, word: &AtomicState) {
        let kept = ending.kept;
        self.cancelled = ending.cancelled;
        let held = 1 + usize::from(self.registered);
        self.registered = false;
        match word.finish(held, ending) {
            Finished::Quiet { last } => {
                self.freed = last;
                self.runner = Runner::None;
                assert!(
                    !self.flag(AWAITER | COLD),
                    "somebody was to be told: {self:?}"
                );
                assert!(
                    !kept || self.handle != Handle::Gone,
                    "nobody drops the output"
                );
            }
            Finished::Loud {
                awaiter,
                handle,
                cold,
            } => {
                assert_eq!(awaiter, self.handle == Handle::Left);
                assert_eq!(handle, self.handle != Handle::Gone);
                assert_eq!(cold, self.flag(COLD));
                self.claimed = awaiter;
                if kept && !handle {
                    self.spend();
                }
                self.owed = held;
                self.runner = Runner::Owing;
            }
        }
    }

    fn wait(&mut self, event: Event, word: &AtomicState) -> bool {
        let done = self.is_done();
        match (event, self.handle) {
            (Event::SetAwaiter, Handle::Free) => {
                assert!(
                    !self.claimed,
                    "the handle wrote into a slot that is the finisher's"
                );
                assert_eq!(word.set_awaiter(), done);
                self.handle = if done { Handle::Seen } else { Handle::Left };
            }
            (Event::ClearAwaiter, Handle::Left) => {
                assert_eq!(word.clear_awaiter(), done);
                self.handle = if done { Handle::Seen } else { Handle::Free };
                assert_eq!(self.claimed, done, "the slot has exactly one owner");
            }
            (Event::Look, Handle::Free | Handle::Left) if word.load().is_done() => {
                self.handle = Handle::Seen;
            }
            _ => return false,
        }
        true
    }

    fn let_go(&mut self, event: Event, word: &AtomicState) -> bool {
        match (event, self.handle) {
            (Event::Detach, Handle::Free | Handle::Left) => match word.detach() {
                Detached::Gone => {
                    assert!(!self.is_done() && self.handle == Handle::Free);
                    self.handle = Handle::Gone;
                }
                Detached::ClearAwaiter => {
                    assert!(!self.is_done() && self.handle == Handle::Left && !self.claimed);
                    self.handle = Handle::Free;
                }
                Detached::Done => {
                    assert!(self.is_done());
                    self.handle = Handle::Seen;
                }
            },
            (Event::Spend, Handle::Seen) => {
                self.spend();
                self.freed = word.release(1);
                self.handle = Handle::Gone;
            }
            _ => return false,
        }
        true
    }

    /// Takes or drops the output, which nobody may do twice.
    fn spend(&mut self) {
        assert_eq!(
            self.output,
            Output::Kept,
            "the output has one owner: {self:?}"
        );
        self.output = Output::Spent;
    }

    /// What holds in every state.
    pub(super) fn check(&self) {
        let state = State(self.word);
        let queued = state.is(QUEUED) && !state.is(RUNNING) && !state.is_done();
        assert_eq!(
            queued,
            self.runner == Runner::Queued,
            "I1: {state:?} {self:?}"
        );
        let running = matches!(self.runner, Runner::Polling | Runner::Ending(_));
        assert_eq!(state.is(RUNNING), running, "I2: {state:?} {self:?}");
        let ended = self.output != Output::Unmade && !running;
        assert_eq!(state.is_done(), ended, "I2: {state:?} {self:?}");
        assert_eq!(state.is_cancelled(), self.cancelled, "{state:?} {self:?}");
        let alive = usize::from(!ended);
        let handle = usize::from(self.handle != Handle::Gone);
        let registry = usize::from(self.registered);
        let held = alive + handle + registry + self.references + self.owed;
        assert_eq!(
            state.references(),
            held,
            "every reference is counted once: {self:?}"
        );
        assert_eq!(
            self.freed,
            held == 0,
            "freed with the last reference: {self:?}"
        );
        if self.freed {
            assert_eq!(
                self.output,
                Output::Spent,
                "a cell is freed empty: {self:?}"
            );
        }
        if !state.is_done() {
            assert_eq!(state.has_handle(), handle == 1, "{self:?}");
            assert_eq!(state.has_awaiter(), self.handle == Handle::Left, "{self:?}");
        }
    }

    /// What no step may do, whichever it was.
    pub(super) fn check_step(&self, next: &Self) {
        let (before, after) = (State(self.word), State(next.word));
        assert!(after.is_done() || !before.is_done(), "DONE is final");
        assert!(
            before.has_handle() || !after.has_handle(),
            "HANDLE is never set again"
        );
        assert!(after.is(COLD) || !before.is(COLD), "COLD is never cleared");
        if before.is_done() {
            assert!(
                !after.is(RUNNING | CANCEL),
                "a done task is left alone: {after:?}"
            );
        }
    }
}
