//! The same programs on real loops: each task writes down what it does.

use std::future::{Future, IntoFuture, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bowerbird::{Event, EventLoop, Task, TaskError, TaskRef};
use bowerbird::{block_in_place, create_task, current_task, sleep_until, to_thread, yield_now};

use super::program::{EVENTS, Line, Saw, Script, Step};

/// What the tasks of a program share.
pub(super) struct Stage {
    event_loop: EventLoop,
    pub(super) book: Book,
    events: [Event; EVENTS],
    /// By number, from the moment they are created.
    tasks: Mutex<Vec<TaskRef>>,
    /// Calls on other threads return when theirs is open.
    gates: Mutex<Gates>,
    changed: Condvar,
    /// When all sleeps end.
    alarm: Instant,
}

#[derive(Default)]
struct Gates {
    /// How many calls there were.
    asked: usize,
    /// Calls that may return.
    open: Vec<usize>,
    are_all_open: bool,
}

/// What was written down so far.
#[derive(Default)]
pub(super) struct Book {
    lines: Mutex<Vec<Line>>,
    written: Condvar,
}

impl Book {
    fn write(&self, line: Line) {
        self.lines.lock().unwrap().push(line);
        self.written.notify_all();
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for so many lines; false when they do not come.
    pub(super) fn wait_for(&self, count: usize, patience: Duration) -> bool {
        let lines = self.lines.lock().unwrap();
        let too_few = |lines: &mut Vec<Line>| lines.len() < count;
        let waited = self.written.wait_timeout_while(lines, patience, too_few);
        !waited.unwrap().1.timed_out()
    }
}

impl Stage {
    pub(super) fn new(event_loop: &EventLoop, alarm: Instant) -> Arc<Self> {
        Arc::new(Self {
            event_loop: event_loop.clone(),
            book: Book::default(),
            events: Default::default(),
            tasks: Mutex::default(),
            gates: Mutex::default(),
            changed: Condvar::new(),
            alarm,
        })
    }

    /// Creates the task that runs `script`. Under the lock, so that the number is known to all
    /// before the task can begin.
    pub(super) fn create(self: &Arc<Self>, script: &Script) -> (usize, Task<usize>) {
        let mut tasks = self.tasks.lock().unwrap();
        let number = tasks.len();
        let playing = play(self.clone(), number, script.clone());
        let task = if current_task().is_some() {
            create_task(playing)
        } else {
            self.event_loop.create_task(playing)
        };
        tasks.push(task.handle());
        (number, task)
    }

    pub(super) fn tasks(&self) -> Vec<TaskRef> {
        self.tasks.lock().unwrap().clone()
    }

    /// Sets all events, so that nobody waits for ever.
    pub(super) fn set_all(&self) {
        self.events.iter().for_each(Event::set);
    }

    /// Whether the time of the sleeps has come.
    pub(super) fn is_late(&self) -> bool {
        self.event_loop.time() >= self.alarm
    }

    pub(super) fn open(&self, call: usize) {
        self.gates.lock().unwrap().open.push(call);
        self.changed.notify_all();
    }

    pub(super) fn open_all(&self) {
        self.gates.lock().unwrap().are_all_open = true;
        self.changed.notify_all();
    }

    /// A call on another thread: returns when it may.
    fn call(self: &Arc<Self>) -> Task<()> {
        let mut gates = self.gates.lock().unwrap();
        let number = gates.asked;
        gates.asked += 1;
        drop(gates);
        let stage = self.clone();
        to_thread(move || {
            let gates = stage.gates.lock().unwrap();
            let shut = |gates: &mut Gates| !gates.are_all_open && !gates.open.contains(&number);
            drop(stage.changed.wait_while(gates, shut).unwrap());
        })
    }

    fn callback(self: &Arc<Self>, task: usize, step: usize) -> impl FnOnce() + Send + use<> {
        let stage = self.clone();
        move || stage.book.write(Line::Called { task, step })
    }
}

/// Boxed, because it creates tasks that play, too.
fn play(
    stage: Arc<Stage>,
    number: usize,
    script: Script,
) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        stage.book.write(Line::Begins { task: number });
        let mut player = Player {
            stage,
            number,
            step: 0,
            children: Vec::new(),
            is_finished: false,
        };
        for step in &script {
            let saw = player.take_step(step).await;
            player.write_saw(saw);
            player.step += 1;
        }
        player.is_finished = true;
        number
    })
}

struct Player {
    stage: Arc<Stage>,
    number: usize,
    step: usize,
    children: Vec<(usize, Task<usize>)>,
    is_finished: bool,
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stage.book.write(Line::Ends {
            task: self.number,
            is_finished: self.is_finished,
        });
    }
}

impl Player {
    async fn take_step(&mut self, step: &Step) -> Saw {
        match *step {
            Step::Spawn(ref script) => {
                let (task, handle) = self.stage.create(script);
                self.children.push((task, handle));
                return Saw::Made { task };
            }
            Step::Yield => self.waiting(yield_now()).await,
            Step::Set(event) => self.stage.events[event].set(),
            Step::Wait(event) => self.waiting(self.stage.events[event].wait()).await,
            Step::Join(number) => return self.await_child(number, true).await,
            Step::Watch(number) => return self.await_child(number, false).await,
            Step::Cancel(number) => return self.cancel(number),
            Step::CallSoon => {
                let callback = self.stage.callback(self.number, self.step);
                let _handle = self.stage.event_loop.call_soon(callback);
            }
            Step::CallElsewhere => {
                let callback = self.stage.callback(self.number, self.step);
                let call = || drop(self.stage.event_loop.call_soon_threadsafe(callback));
                thread::scope(|scope| {
                    scope.spawn(call);
                });
            }
            Step::OnDone(number) => self.call_when_done(number),
            Step::Thread => {
                let call = self.stage.call();
                self.waiting(call.into_future()).await.unwrap();
            }
            Step::Block => block_in_place(thread::yield_now),
            Step::Sleep => self.waiting(sleep_until(self.stage.alarm)).await,
        }
        Saw::Nothing
    }

    fn write_saw(&self, saw: Saw) {
        let (task, step) = (self.number, self.step);
        self.stage.book.write(Line::Did { task, step, saw });
    }

    /// Awaits, and writes down each poll that found nothing.
    async fn waiting<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            if polled.is_pending() {
                let (task, step) = (self.number, self.step);
                self.stage.book.write(Line::Waits { task, step });
            }
            polled
        })
        .await
    }

    async fn await_child(&mut self, number: usize, owns: bool) -> Saw {
        if self.children.is_empty() {
            return Saw::Nothing;
        }
        let at = number % self.children.len();
        let (task, mut handle) = self.children.remove(at);
        let outcome = if owns {
            self.waiting(handle.into_future()).await
        } else {
            self.waiting((&mut handle).into_future()).await
        };
        let is_cancelled = matches!(outcome, Err(TaskError::Cancelled));
        assert!(is_cancelled || outcome.unwrap() == task, "another's value");
        Saw::Child { task, is_cancelled }
    }

    fn cancel(&self, number: usize) -> Saw {
        let tasks = self.stage.tasks();
        let task = number % tasks.len();
        let is_taken = tasks[task].cancel();
        Saw::Asked { task, is_taken }
    }

    fn call_when_done(&self, number: usize) {
        if self.children.is_empty() {
            return;
        }
        let (_task, handle) = &self.children[number % self.children.len()];
        let callback = self.stage.callback(self.number, self.step);
        let _id = handle.add_done_callback(move |_task| callback());
    }
}
