//! The sequential model: what a loop of one thread must do with a program, line by line.
//!
//! One line of what is ready, first in, first out; tasks that wait for one thing each; and outside
//! powers (other threads, the time) that act only when all others wait, one after another.

use std::collections::VecDeque;

use super::program::{EVENTS, Line, Saw, Script, Step};

/// What has to happen, and when the outside acts.
pub(super) struct Foreseen {
    /// All lines, up to where everything waits for ever.
    pub(super) lines: Vec<Line>,
    /// What happens outside once so many lines are written.
    pub(super) outside: Vec<(usize, Outside)>,
    /// Some task sleeps before the time of the sleeps has come.
    pub(super) has_sleepers: bool,
    /// The tasks that are left then.
    pub(super) left: Vec<usize>,
}

/// Something that happens outside the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// The call with this number returns.
    Return(usize),
    /// The time of all sleeps comes.
    Alarm,
}

/// Foresees a program.
pub(super) fn foresee(script: &Script) -> Foreseen {
    let mut model = Model::default();
    model.create(script);
    let mut outside = Vec::new();
    loop {
        model.run_until_all_wait();
        let Some(next) = model.act_outside() else {
            break;
        };
        outside.push((next.0, next.1));
    }
    let left = (0..model.tasks.len()).filter(|&task| model.tasks[task].place != Place::Done);
    let left = left.collect();
    Foreseen {
        lines: model.lines,
        outside,
        has_sleepers: model.has_sleepers,
        left,
    }
}

#[derive(Default)]
struct Model {
    lines: Vec<Line>,
    ready: VecDeque<Turn>,
    tasks: Vec<Task>,
    is_set: [bool; EVENTS],
    /// Who waits for each event, first come first.
    waiters: [VecDeque<usize>; EVENTS],
    /// Calls under way, by who waits for them; `None` when nobody does any more.
    calls: Vec<Option<usize>>,
    /// Calls that have returned.
    returned: usize,
    sleepers: VecDeque<usize>,
    has_sleepers: bool,
    has_rung: bool,
}

enum Turn {
    Task(usize),
    Call { task: usize, step: usize },
}

struct Task {
    script: Script,
    /// The step that is next, or under way.
    step: usize,
    has_begun: bool,
    place: Place,
    waits_for: Option<Waits>,
    is_asked: bool,
    is_cancelled: bool,
    /// Children whose handles it has.
    children: Vec<usize>,
    awaiter: Option<usize>,
    /// Steps, by task, whose callbacks run at its end.
    callbacks: Vec<(usize, usize)>,
}

#[derive(PartialEq, Eq)]
enum Place {
    Ready,
    Running,
    Waiting,
    Done,
}

#[derive(Clone, Copy)]
enum Waits {
    Turn,
    Event(usize),
    Child { child: usize, owns: bool },
    Call(usize),
    Alarm,
}

impl Model {
    fn create(&mut self, script: &Script) -> usize {
        let task = self.tasks.len();
        self.tasks.push(Task {
            script: script.clone(),
            step: 0,
            has_begun: false,
            place: Place::Ready,
            waits_for: None,
            is_asked: false,
            is_cancelled: false,
            children: Vec::new(),
            awaiter: None,
            callbacks: Vec::new(),
        });
        self.ready.push_back(Turn::Task(task));
        task
    }

    fn run_until_all_wait(&mut self) {
        while let Some(turn) = self.ready.pop_front() {
            match turn {
                Turn::Call { task, step } => self.lines.push(Line::Called { task, step }),
                Turn::Task(task) if self.tasks[task].is_asked => self.end(task, false),
                Turn::Task(task) => self.poll(task),
            }
        }
    }

    /// All wait: the oldest call returns, or the time comes, or nothing will ever happen again.
    fn act_outside(&mut self) -> Option<(usize, Outside)> {
        while self.returned < self.calls.len() {
            let call = self.returned;
            self.returned += 1;
            if let Some(task) = self.calls[call] {
                self.wake(task);
                return Some((self.lines.len(), Outside::Return(call)));
            }
        }
        if self.has_rung || self.sleepers.is_empty() {
            return None;
        }
        self.has_rung = true;
        for task in std::mem::take(&mut self.sleepers) {
            self.wake(task);
        }
        Some((self.lines.len(), Outside::Alarm))
    }

    fn poll(&mut self, task: usize) {
        self.tasks[task].place = Place::Running;
        if !std::mem::replace(&mut self.tasks[task].has_begun, true) {
            self.lines.push(Line::Begins { task });
        }
        if let Some(waits) = self.tasks[task].waits_for.take() {
            let saw = match waits {
                Waits::Child { child, .. } => self.outcome(child),
                _ => Saw::Nothing,
            };
            self.did(task, saw);
        }
        while let Some(step) = self.tasks[task].script.get(self.tasks[task].step).cloned() {
            match self.take_step(task, step) {
                Ok(saw) => self.did(task, saw),
                Err(waits) => return self.wait(task, waits),
            }
        }
        self.end(task, true);
    }

    fn did(&mut self, task: usize, saw: Saw) {
        let step = self.tasks[task].step;
        self.lines.push(Line::Did { task, step, saw });
        self.tasks[task].step += 1;
    }

    /// What the step gives at once, or what it waits for.
    fn take_step(&mut self, task: usize, step: Step) -> Result<Saw, Waits> {
        let at = self.tasks[task].step;
        match step {
            Step::Spawn(script) => {
                let child = self.create(&script);
                self.tasks[task].children.push(child);
                return Ok(Saw::Made { task: child });
            }
            Step::Yield => return Err(Waits::Turn),
            Step::Set(event) => {
                self.is_set[event] = true;
                for waiter in std::mem::take(&mut self.waiters[event]) {
                    self.wake(waiter);
                }
            }
            Step::Wait(event) if self.is_set[event] => {}
            Step::Wait(event) => return Err(Waits::Event(event)),
            Step::Join(number) => return self.await_child(task, number, true),
            Step::Watch(number) => return self.await_child(task, number, false),
            Step::Cancel(number) => {
                let other = number % self.tasks.len();
                let is_taken = self.cancel(other);
                return Ok(Saw::Asked {
                    task: other,
                    is_taken,
                });
            }
            Step::CallSoon | Step::CallElsewhere => {
                self.ready.push_back(Turn::Call { task, step: at })
            }
            Step::OnDone(number) => {
                if let Some(child) = self.child(task, number) {
                    if self.tasks[child].place == Place::Done {
                        self.ready.push_back(Turn::Call { task, step: at });
                    } else {
                        self.tasks[child].callbacks.push((task, at));
                    }
                }
            }
            Step::Thread => return Err(Waits::Call(self.calls.len())),
            Step::Block => {}
            Step::Sleep if self.has_rung => return Err(Waits::Turn),
            Step::Sleep => return Err(Waits::Alarm),
        }
        Ok(Saw::Nothing)
    }

    fn child(&self, task: usize, number: usize) -> Option<usize> {
        let children = &self.tasks[task].children;
        (!children.is_empty()).then(|| children[number % children.len()])
    }

    fn await_child(&mut self, task: usize, number: usize, owns: bool) -> Result<Saw, Waits> {
        let Some(child) = self.child(task, number) else {
            return Ok(Saw::Nothing);
        };
        // A result is taken once: either way the handle is of no more use.
        self.tasks[task].children.retain(|&other| other != child);
        if self.tasks[child].place == Place::Done {
            return Ok(self.outcome(child));
        }
        Err(Waits::Child { child, owns })
    }

    fn outcome(&self, child: usize) -> Saw {
        Saw::Child {
            task: child,
            is_cancelled: self.tasks[child].is_cancelled,
        }
    }

    fn wait(&mut self, task: usize, waits: Waits) {
        let step = self.tasks[task].step;
        self.lines.push(Line::Waits { task, step });
        match waits {
            Waits::Turn => {}
            Waits::Event(event) => self.waiters[event].push_back(task),
            Waits::Child { child, .. } => self.tasks[child].awaiter = Some(task),
            Waits::Call(_) => self.calls.push(Some(task)),
            Waits::Alarm => {
                self.has_sleepers = true;
                self.sleepers.push_back(task);
            }
        }
        let of_task = &mut self.tasks[task];
        of_task.waits_for = Some(waits);
        of_task.place = Place::Waiting;
        // Who has cancelled itself ends at its next turn, and that comes at once.
        if matches!(waits, Waits::Turn) || of_task.is_asked {
            self.wake(task);
        }
    }

    fn wake(&mut self, task: usize) {
        if self.tasks[task].place == Place::Waiting {
            self.tasks[task].place = Place::Ready;
            self.ready.push_back(Turn::Task(task));
        }
    }

    fn cancel(&mut self, task: usize) -> bool {
        if self.tasks[task].place == Place::Done {
            return false;
        }
        self.tasks[task].is_asked = true;
        self.wake(task);
        true
    }

    fn end(&mut self, task: usize, is_finished: bool) {
        if self.tasks[task].has_begun {
            self.lines.push(Line::Ends { task, is_finished });
        }
        match self.tasks[task].waits_for.take() {
            Some(Waits::Event(event)) => self.waiters[event].retain(|&other| other != task),
            Some(Waits::Child { child, owns: true }) => drop(self.cancel(child)),
            Some(Waits::Child { child, .. }) => self.tasks[child].awaiter = None,
            Some(Waits::Call(call)) => self.calls[call] = None,
            Some(Waits::Alarm) => self.sleepers.retain(|&other| other != task),
            Some(Waits::Turn) | None => {}
        }
        let of_task = &mut self.tasks[task];
        of_task.place = Place::Done;
        // A request wins over the value of the same poll.
        of_task.is_cancelled = !is_finished || of_task.is_asked;
        for (task, step) in std::mem::take(&mut of_task.callbacks) {
            self.ready.push_back(Turn::Call { task, step });
        }
        if let Some(awaiter) = self.tasks[task].awaiter.take() {
            self.wake(awaiter);
        }
    }
}
