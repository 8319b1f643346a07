//! Many timers at once: those that fire, none of them early; those that are dropped or moved before
//! they do.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bowerbird::{
    EventLoop, create_task, gather, get_running_loop, interval, sleep, timeout_scope, wait_for,
};

use crate::ledger::Stage;

/// Timers end within so many microseconds.
const SPAN: usize = 15_000;

/// What is not to fire.
const NEVER: Duration = Duration::from_secs(3600);

pub(crate) async fn run(mut stage: Stage) {
    let Ok(event_loop) = get_running_loop() else {
        return stage.ledger.complain("a task without a loop");
    };
    let count = 1 + stage.dice.below(120);
    let sleeper = |_| create_task(sleeper(stage.fork(), event_loop.clone()));
    let sleepers: Vec<_> = (0..count).map(sleeper).collect();
    callbacks(&mut stage, &event_loop).await;
    let slept = gather(sleepers).await;
    stage.ledger.allow("a sleeper", slept);
}

/// One task with one kind of timer.
async fn sleeper(mut stage: Stage, event_loop: EventLoop) {
    let _entry = stage.ledger.enter();
    let delay = stage.dice.micros(SPAN);
    let due = event_loop.time() + delay;
    let what = match stage.dice.below(6) {
        0 => {
            let over = wait_for(pending::<()>(), delay).await;
            stage
                .ledger
                .check(over.is_err(), || "pending was over".into());
            "a limit"
        }
        1 => {
            let slept = wait_for(sleep(delay), NEVER).await;
            stage
                .ledger
                .check(slept.is_ok(), || "an hour was over".into());
            "a sleep within a limit"
        }
        2 => {
            let over = wait_for(sleep(NEVER), Duration::ZERO).await;
            stage
                .ledger
                .check(over.is_err(), || "an hour passed".into());
            sleep(delay).await;
            "a sleep after one that was dropped"
        }
        3 => moved(&stage, due).await,
        4 => ticks(&mut stage, &event_loop, delay).await,
        _ => {
            sleep(delay).await;
            "a sleep"
        }
    };
    let now = event_loop.time();
    stage.ledger.check(now >= due, || {
        format!("{what} was early by {:?}", due - now)
    });
    stage.ledger.check_late(what, due, now);
}

/// A limit that is put off, or brought forward, to `due`.
async fn moved(stage: &Stage, due: Instant) -> &'static str {
    let over = timeout_scope(NEVER, async move |limit| {
        limit.reschedule(due);
        pending::<()>().await;
    });
    stage.ledger.check(over.await.is_err(), || {
        "a moved limit did not end it".into()
    });
    "a limit that was moved"
}

/// An interval: ticks that are missed come late, and never before their time.
async fn ticks(stage: &mut Stage, event_loop: &EventLoop, delay: Duration) -> &'static str {
    let rounds = 1 + stage.dice.below(4) as u32;
    let period = delay / rounds + Duration::from_micros(1);
    let mut interval = interval(period);
    for _ in 0..=rounds {
        let due = interval.tick().await;
        let now = event_loop.time();
        stage.ledger.check(now >= due, || "a tick was early".into());
        stage.ledger.check_late("a tick", due, now);
        stage.ledger.step();
    }
    "an interval"
}

/// Callbacks at their times; each runs once, or was cancelled and does not.
async fn callbacks(stage: &mut Stage, event_loop: &EventLoop) {
    let called = Arc::new(AtomicUsize::new(0));
    let mut wanted = 0;
    for _ in 0..stage.dice.below(40) {
        let (delay, counter) = (stage.dice.micros(SPAN), called.clone());
        // Relaxed: counts, and the tasks that read it look until it is right.
        let count = move || {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let handle = event_loop.call_later(delay, count);
        if stage.dice.is_one_in(3) && handle.cancel() {
            continue;
        }
        wanted += 1;
    }
    let (event_loop, ledger) = (event_loop.clone(), stage.ledger.clone());
    sleep(Duration::from_micros(SPAN as u64)).await;
    let due = event_loop.time();
    while called.load(Ordering::Relaxed) < wanted && !ledger.is_lenient() {
        sleep(Duration::from_millis(1)).await;
        ledger.check_late("a callback", due, event_loop.time());
        if !ledger.complaints().is_empty() {
            return;
        }
    }
    let count = called.load(Ordering::Relaxed);
    let is_right = count == wanted || ledger.is_lenient();
    ledger.check(is_right, || {
        format!("{count} callbacks instead of {wanted}")
    });
}
