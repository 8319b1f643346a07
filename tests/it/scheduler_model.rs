//! Random programs against a sequential model of a loop.
//!
//! On one thread the order of everything is a promise, so the model foresees each line that the
//! program's tasks write. On a pool any order is fine, and what must hold in all of them is looked
//! at: each task runs once and to its end, no wake is lost, results reach who awaits them, nobody
//! is cancelled without being asked, nothing is left. `BOWERBIRD_MODEL_SEED` repeats a run.

use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

use bowerbird::events::Builder;
use bowerbird::{EventLoop, Flavor, TaskRef, create_task, get_running_loop, sleep, sleep_until};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use crate::bell::Bell;
use crate::loops::{each_builder, watched};

mod program;

mod foreseen;

mod played;

mod judged;

use foreseen::{Foreseen, Outside, foresee};
use judged::{Played, judge};
use played::Stage;
use program::{Line, Script, scripts};

/// Programs for each kind of loop.
const CASES: u32 = 400;
/// What does not happen within this is lost.
const PATIENCE: Duration = Duration::from_secs(6);
/// More than there can be calls at a time.
const THREADS_MAX: usize = 64;

/// Runs random programs; a failure tells the smallest one that fails, and the seed.
fn compare(check: impl Fn(&Script) -> Result<(), String>) {
    let seed = match std::env::var("BOWERBIRD_MODEL_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => RandomState::new().hash_one(0),
    };
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let run = |script: Script| check(&script).map_err(TestCaseError::fail);
    if let Err(difference) = watched(|| runner.run(&scripts(), run)) {
        panic!("BOWERBIRD_MODEL_SEED={seed}: {difference}");
    }
}

#[test]
fn a_loop_of_one_thread_does_what_the_model_foresees_line_by_line() {
    compare(|script| {
        let foreseen = foresee(script);
        // A slow machine reaches the time of the sleeps before all sleep: not what was foreseen.
        let mut limit = Duration::from_millis(5);
        loop {
            match play_as_foreseen(script, &foreseen, limit) {
                Outcome::Late => limit *= 16,
                Outcome::Same => return Ok(()),
                Outcome::Differs(why) => return Err(why),
            }
        }
    });
}

/// How a program went, beside its model.
enum Outcome {
    Same,
    Differs(String),
    /// The time came too early to tell.
    Late,
}

fn play_as_foreseen(script: &Script, foreseen: &Foreseen, limit: Duration) -> Outcome {
    let builder = EventLoop::builder().flavor(Flavor::CurrentThread);
    let event_loop = builder.max_blocking_threads(THREADS_MAX).build().unwrap();
    let stage = Stage::new(&event_loop, event_loop.time() + limit);
    let (_first, task) = stage.create(script);
    drop(task);
    let is_in_time = thread::scope(|scope| {
        let outside = scope.spawn(|| {
            let is_in_time = act_outside(&stage, foreseen);
            event_loop.stop();
            is_in_time
        });
        event_loop.run_forever().unwrap();
        outside.join().unwrap()
    });
    let lines = stage.book.lines();
    stage.open_all();
    event_loop.close().unwrap();
    if !is_in_time {
        return Outcome::Late;
    }
    if lines != foreseen.lines {
        return Outcome::Differs(difference(&lines, &foreseen.lines));
    }
    let mut last = stage.book.lines().split_off(lines.len());
    last.sort_unstable();
    let dropped = |&task: &usize| Line::Ends {
        task,
        is_finished: false,
    };
    let expected: Vec<Line> = foreseen.left.iter().map(dropped).collect();
    if last != expected {
        return Outcome::Differs(format!("at the end {last:?} instead of {expected:?}"));
    }
    Outcome::Same
}

/// Lets things happen outside when the model says so. False: a time came too early.
fn act_outside(stage: &Stage, foreseen: &Foreseen) -> bool {
    let mut has_rung = !foreseen.has_sleepers;
    for &(lines, outside) in &foreseen.outside {
        // Lines that do not come are told by what was written instead.
        let have_come = stage.book.wait_for(lines, PATIENCE);
        if !has_rung && stage.is_late() {
            return false;
        }
        match outside {
            _ if !have_come => return true,
            Outside::Return(call) => stage.open(call),
            Outside::Alarm => has_rung = true,
        }
    }
    stage.book.wait_for(foreseen.lines.len(), PATIENCE);
    has_rung || !stage.is_late()
}

fn difference(ours: &[Line], foreseen: &[Line]) -> String {
    let same = ours.iter().zip(foreseen).take_while(|(a, b)| a == b);
    let same = same.count();
    let (ours, foreseen) = (&ours[same..], &foreseen[same..]);
    format!("after {same} lines {ours:?} instead of {foreseen:?}")
}

#[test]
fn a_pool_loses_repeats_and_invents_nothing_whatever_the_program() {
    let [_single, pools @ ..] = each_builder();
    for builder in pools {
        compare(|script| play_on_a_pool(builder.clone(), script));
    }
}

fn play_on_a_pool(builder: Builder, script: &Script) -> Result<(), String> {
    let event_loop = builder.max_blocking_threads(THREADS_MAX).build().unwrap();
    let alarm = event_loop.time() + Duration::from_micros(300);
    let stage = Stage::new(&event_loop, alarm);
    stage.open_all();
    let are_left = event_loop.run_until_complete(async {
        let (_first, task) = stage.create(script);
        drop(task);
        // Whoever still waits for an event waits for this.
        let setter = stage.clone();
        let setting = create_task(async move {
            sleep_until(alarm).await;
            setter.set_all();
        });
        setting.await.unwrap();
        until_all_done(&stage).await
    });
    let left = are_left.unwrap();
    let tasks = stage.tasks();
    let are_cancelled: Vec<bool> = tasks.iter().map(TaskRef::is_cancelled).collect();
    let alive = event_loop.all_tasks();
    event_loop.close().unwrap();
    let lines = stage.book.lines();
    if !left.is_empty() {
        return Err(format!("these never ended: {left:?}, after {lines:?}"));
    }
    if !alive.is_empty() {
        return Err(format!(
            "{alive:?} are left, and all were done, after {lines:?}"
        ));
    }
    let played = Played {
        script,
        lines: &lines,
        are_cancelled: &are_cancelled,
    };
    judge(&played).map_err(|why| format!("{why}, in {lines:?}"))
}

/// Waits for the end of all tasks, and of their callbacks; the numbers of those that do not end.
async fn until_all_done(stage: &Stage) -> Vec<usize> {
    let event_loop = get_running_loop().unwrap();
    let give_up = event_loop.time() + PATIENCE;
    let left = loop {
        let tasks = stage.tasks();
        let left = (0..tasks.len()).filter(|&task| !tasks[task].is_done());
        let left: Vec<usize> = left.collect();
        // Who has ended since we looked may have created another before.
        let are_all = left.is_empty() && stage.tasks().len() == tasks.len();
        if are_all || event_loop.time() > give_up {
            break left;
        }
        sleep(Duration::from_micros(100)).await;
    };
    // Callbacks keep their order: once this one has run, so have those of the tasks.
    let called = Bell::default();
    let ring = called.clone();
    let _handle = event_loop.call_soon(move || ring.ring());
    called.rung().await;
    left
}
