//! One run: a loop with random knobs, random scenarios on it, one way to drive it to its end, and
//! the accounts afterwards. Called by `main` with a seed; everything follows from that but the
//! order in which threads get their turns.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bowerbird::events::Builder;
use bowerbird::runners::RunnerBuilder;
use bowerbird::{
    EventLoop, Flavor, Level, LoopError, Report, Runner, Task, create_task, gather, sleep,
};

use crate::dice::Dice;
use crate::ledger::{Ledger, Stage};
use crate::watchdog::Watchdog;
use crate::{Scenario, scenarios};

/// How long calls that have begun, and foreign threads, may go on when their loop is closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a loop is driven, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Until all is done, and what was let go too.
    Through,
    /// The same, stopped and run again on the way.
    StopAndGo,
    /// Closed, or dropped, in the midst of it.
    CutOff,
    /// Left by a runner, which cancels and awaits what is left.
    Runner,
}

/// What makes a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// What all choices follow from.
    pub(crate) seed: u64,
    /// Threads that run tasks.
    pub(crate) workers: usize,
    /// Whether the loop is in debug mode in any case.
    pub(crate) is_debug: bool,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--seed {} --workers {}", self.seed, self.workers)
    }
}

/// The parts of a run.
struct Run<'a> {
    /// Who is told what it is about to do.
    watchdog: &'a Watchdog,
    /// Where its own choices come from.
    dice: Dice,
    /// How it is driven.
    way: Way,
    /// The scenarios' accounts.
    ledgers: Vec<Arc<Ledger>>,
}

/// Plays one run; the error says what was wrong with it.
pub(crate) fn play(plan: Plan, watchdog: &Watchdog) -> Result<(), String> {
    let mut dice = Dice::new(plan.seed);
    let cast = cast(&mut dice);
    let way = dice.pick(&[Way::Through, Way::StopAndGo, Way::CutOff, Way::Runner]);
    let names: Vec<&str> = cast.iter().map(|scenario| scenario.name).collect();
    let stages = cast.iter().map(|scenario| Stage {
        ledger: Ledger::new(scenario.name),
        dice: dice.fork(),
    });
    let stages: Vec<Stage> = stages.collect();
    let ledgers: Vec<_> = stages.iter().map(|stage| stage.ledger.clone()).collect();
    let title = format!("{plan}: {names:?}, {way:?}");
    watchdog.enter("build");
    let builder = knobs(&mut dice, plan);
    let runner = RunnerBuilder::from(builder).build();
    let runner = runner.map_err(|error| format!("no loop: {error}"))?;
    watchdog.begin(title, runner.event_loop().clone(), ledgers.clone());
    let cast = cast.into_iter().zip(stages);
    let show: Vec<_> = cast
        .map(|(scenario, stage)| (scenario.play)(stage))
        .collect();
    let mut run = Run {
        watchdog,
        dice,
        way,
        ledgers,
    };
    run.listen(runner.event_loop());
    run.drive(runner, show);
    run.settle()
}

/// Which scenarios play together; one may play twice.
fn cast(dice: &mut Dice) -> Vec<&'static Scenario> {
    let count = 1 + dice.below(4);
    let mut cast = Vec::new();
    while cast.len() < count {
        let scenario = &scenarios()[dice.below(scenarios().len())];
        if !scenario.is_dear || dice.is_one_in(4) {
            cast.push(scenario);
        }
    }
    cast
}

/// A loop like no other.
fn knobs(dice: &mut Dice, plan: Plan) -> Builder {
    let mut builder = EventLoop::builder()
        .worker_threads(plan.workers)
        .thread_name("soak")
        .max_blocking_threads(dice.pick(&[1, 2, 8]))
        .thread_keep_alive(dice.micros(3000))
        .debug(dice.is_one_in(8) || plan.is_debug)
        // One that has caught its only request may wait for ever.
        .shutdown_timeout(Duration::from_millis(dice.pick(&[0, 5, 50])));
    if dice.is_one_in(2) {
        builder = builder.spin(dice.micros(100));
    }
    if plan.workers == 1 && dice.is_one_in(2) {
        builder = builder.flavor(Flavor::CurrentThread);
    }
    builder
}

type Part = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Run<'_> {
    /// Whatever nobody else is told is wrong, unless it was to be expected.
    fn listen(&self, event_loop: &EventLoop) {
        let ledger = self.ledgers[0].clone();
        event_loop.set_exception_handler(Some(move |report: &Report| {
            let is_planned = report.to_string().contains("planned");
            let is_bad = report.level >= Level::Error && !is_planned && !ledger.is_lenient();
            ledger.check(!is_bad, || format!("reported: {report}"));
        }));
    }

    fn drive(&mut self, runner: Runner, show: Vec<Part>) {
        self.watchdog.enter("run");
        match self.way {
            Way::Through => {
                let all = all(show, self.ledgers.clone());
                let ended = runner.event_loop().run_until_complete(all);
                self.ledgers[0].allow("the run", ended);
                self.close(runner);
            }
            Way::StopAndGo => {
                self.stop_and_go(runner.event_loop(), show);
                self.close(runner);
            }
            Way::CutOff => self.cut_off(runner, show),
            Way::Runner => self.leave(runner, show),
        }
    }

    /// Runs it a little at a time, to its end.
    fn stop_and_go(&mut self, event_loop: &EventLoop, show: Vec<Part>) {
        let mut task = event_loop.create_task(all(show, self.ledgers.clone()));
        for _ in 0..self.dice.below(8) {
            self.stop_soon(event_loop);
            if self.dice.is_one_in(2) {
                self.ledgers[0].allow("run_forever", event_loop.run_forever());
            } else {
                match event_loop.run_until_complete(&mut task) {
                    // The one that was to stop this run stops the next one, or nothing.
                    Ok(ended) => {
                        self.ledgers[0].allow("all", ended);
                        return;
                    }
                    Err(error) => self.check_stopped(&error),
                }
            }
            self.watchdog.enter("run again");
            thread::park_timeout(self.dice.micros(500));
        }
        loop {
            match event_loop.run_until_complete(&mut task) {
                Ok(ended) => {
                    self.ledgers[0].allow("all", ended);
                    return;
                }
                // A stop that came after the run it was meant for.
                Err(error) => self.check_stopped(&error),
            }
            if !self.ledgers[0].complaints().is_empty() {
                return;
            }
        }
    }

    fn check_stopped(&self, error: &LoopError) {
        let is_stopped = matches!(error, LoopError::Stopped);
        self.ledgers[0].check(is_stopped, || format!("a run: {error}"));
    }

    /// Somebody stops the loop before long.
    fn stop_soon(&mut self, event_loop: &EventLoop) {
        let (own, delay) = (event_loop.clone(), self.dice.micros(2000));
        match self.dice.below(3) {
            0 => drop(event_loop.call_soon(move || own.stop())),
            1 => drop(event_loop.call_later(delay, move || own.stop())),
            _ => {
                let entry = self.ledgers[0].enter();
                let stopper = move || {
                    let _entry = entry;
                    thread::park_timeout(delay);
                    own.stop();
                };
                let begun = thread::Builder::new().spawn(stopper);
                self.ledgers[0].allow("a thread", begun);
            }
        }
    }

    /// Ends it with everything alive, descriptors scarce now and then.
    fn cut_off(&mut self, runner: Runner, show: Vec<Part>) {
        let event_loop = runner.event_loop();
        let _scarcity = self.run_short();
        let tasks: Vec<Task<()>> = show
            .into_iter()
            .map(|part| event_loop.create_task(part))
            .collect();
        let length = sleep_for(self.dice.micros(6000));
        let ended = event_loop.run_until_complete(length);
        self.ledgers[0].allow("the run", ended);
        self.shut();
        match self.dice.below(3) {
            0 => self.close(runner),
            1 => {
                self.watchdog.enter("close at once");
                let closed = event_loop.close();
                self.ledgers[0].allow("close", closed);
            }
            _ => {
                self.watchdog.enter("drop");
                self.watchdog.forget_loop();
                drop(runner);
            }
        }
        let is_over = tasks.iter().all(Task::is_done);
        self.ledgers[0].check(is_over, || "a task is left on a closed loop".into());
    }

    /// Leaves it to the runner to end what is left.
    fn leave(&mut self, mut runner: Runner, show: Vec<Part>) {
        let _scarcity = self.run_short();
        for _ in 0..self.dice.below(3) {
            runner.run(sleep_for(self.dice.micros(200)));
        }
        let length = self.dice.micros(6000);
        runner.run(async move {
            for part in show {
                create_task(part).detach();
            }
            sleep(length).await;
        });
        self.close(runner);
    }

    /// Takes descriptors away for a while, in some runs.
    #[cfg(target_os = "linux")]
    fn run_short(&mut self) -> Option<crate::house::Scarcity> {
        let is_short = self.dice.is_one_in(5);
        is_short.then(|| {
            self.be_lenient();
            crate::house::Scarcity::of(self.dice.below(16))
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn run_short(&mut self) {}

    fn be_lenient(&self) {
        self.ledgers.iter().for_each(|ledger| ledger.be_lenient());
    }

    /// Tells everybody that the loop is about to close.
    fn shut(&self) {
        self.ledgers.iter().for_each(|ledger| ledger.shut());
    }

    fn close(&self, mut runner: Runner) {
        self.shut();
        self.watchdog.enter("close");
        let event_loop = runner.event_loop().clone();
        runner.close();
        let left = event_loop.metrics().alive_tasks;
        self.ledgers[0].check(left == 0, || format!("{left} tasks on a closed loop"));
    }

    /// Whether the accounts are in order, once all threads are gone.
    fn settle(&self) -> Result<(), String> {
        self.watchdog.enter("settle");
        // A closed loop keeps its reactor as long as it has an owner.
        self.watchdog.forget_loop();
        let mut waited = Duration::ZERO;
        let step = Duration::from_millis(1);
        while self.ledgers.iter().any(|ledger| !ledger.is_settled()) && waited < PATIENCE {
            thread::park_timeout(step);
            waited += step;
        }
        let mut wrongs = Vec::new();
        for ledger in &self.ledgers {
            wrongs.append(&mut ledger.complaints());
            if !ledger.is_settled() {
                wrongs.push(format!("something is lost: {ledger}"));
            }
        }
        if wrongs.is_empty() {
            Ok(())
        } else {
            Err(wrongs.join("\n"))
        }
    }
}

/// A future that is made outside a loop and sleeps inside.
async fn sleep_for(length: Duration) {
    sleep(length).await;
}

/// All parts to their ends, and then what they have let go.
async fn all(show: Vec<Part>, ledgers: Vec<Arc<Ledger>>) {
    let played = gather(show.into_iter().map(create_task)).await;
    ledgers[0].allow("a scenario", played);
    // What is lost leaves this waiting, for the watchdog to find.
    while ledgers.iter().any(|ledger| !ledger.is_settled()) {
        sleep(Duration::from_millis(1)).await;
    }
}
