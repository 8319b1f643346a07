//! Workers that fall asleep and are woken: by each other, and by threads that know no loop.

use std::thread;
use std::time::Duration;

use bowerbird::{
    EventLoop, Promise, Queue, create_task, gather, get_running_loop, sleep, yield_now,
};

use crate::ledger::Stage;

pub(crate) async fn run(mut stage: Stage) {
    let ring = create_task(ring(stage.fork()));
    let outside = create_task(outside(stage.fork()));
    for (what, task) in [("the ring", ring), ("the outside", outside)] {
        stage.ledger.allow(what, task.await);
    }
}

/// Messages go round between tasks that wait for each other most of the time.
async fn ring(mut stage: Stage) {
    let stations = 1 + stage.dice.below(6);
    let messages = 1 + stage.dice.below(3);
    let laps = 1 + stage.dice.below(30);
    let queues: Vec<Queue<usize>> = (0..stations).map(|_| Queue::new(0)).collect();
    let station = |at: usize| {
        let (from, to) = (queues[at].clone(), queues[(at + 1) % stations].clone());
        pass_on(stage.fork(), from, to, laps * messages)
    };
    let tasks: Vec<_> = (0..stations).map(station).map(create_task).collect();
    for _ in 0..messages {
        let put = queues[0].put_nowait(0);
        stage.ledger.check(put.is_ok(), || format!("{put:?}"));
    }
    let passed = gather(tasks).await;
    // One that was cancelled has left its laps undone.
    if stage.ledger.allow("a station", passed).is_none() {
        return;
    }
    let hops: usize = queues
        .iter()
        .filter_map(|queue| queue.get_nowait().ok())
        .sum::<usize>()
        + queues.iter().flat_map(rest).sum::<usize>();
    let wanted = stations * laps * messages;
    stage.ledger.check(hops == wanted, || {
        format!("{hops} hops instead of {wanted}")
    });
}

/// What is left in a queue.
fn rest(queue: &Queue<usize>) -> Vec<usize> {
    std::iter::from_fn(|| queue.get_nowait().ok()).collect()
}

async fn pass_on(mut stage: Stage, from: Queue<usize>, to: Queue<usize>, times: usize) {
    let _entry = stage.ledger.enter();
    for _ in 0..times {
        let Some(hops) = stage.ledger.allow("get", from.get().await) else {
            return;
        };
        match stage.dice.below(8) {
            0 => sleep(stage.dice.micros(300)).await,
            1 => yield_now().await,
            _ => {}
        }
        stage.ledger.step();
        stage.ledger.allow("put", to.put(hops + 1).await);
    }
}

/// A foreign thread keeps promises, calls back and goes; tasks of the loop wait for it.
async fn outside(mut stage: Stage) {
    let Ok(event_loop) = get_running_loop() else {
        return stage.ledger.complain("a task without a loop");
    };
    let count = 1 + stage.dice.below(20);
    let promises: Vec<Promise<usize>> = (0..count).map(|_| event_loop.create_future()).collect();
    let keeper = stage.fork();
    let entry = stage.ledger.enter();
    let kept = promises.clone();
    let begun = thread::Builder::new().spawn(move || {
        let _entry = entry;
        keep(keeper, &event_loop, &kept);
    });
    if let Err(error) = begun {
        return stage.ledger.complain(format!("no thread: {error}"));
    }
    for (number, promise) in promises.into_iter().enumerate() {
        let value = stage.ledger.allow("a promise", promise.await);
        let is_it = value == Some(number) || stage.ledger.is_lenient();
        stage
            .ledger
            .check(is_it, || format!("promise {number} gave {value:?}"));
        stage.ledger.step();
    }
}

fn keep(mut stage: Stage, event_loop: &EventLoop, promises: &[Promise<usize>]) {
    for (number, promise) in promises.iter().enumerate() {
        let pause = stage.dice.micros(400);
        if pause > Duration::from_micros(100) {
            thread::park_timeout(pause);
        }
        let own = promise.clone();
        let set = move || own.set_result(number).is_ok();
        if stage.dice.is_one_in(2) {
            // A loop that closes first drops the callback, and whoever waits for the promise.
            let ledger = stage.ledger.clone();
            let call = move || ledger.check(set(), || "set twice".into());
            stage
                .ledger
                .call_in(|| drop(event_loop.call_soon_threadsafe(call)));
        } else {
            stage.ledger.check(set(), || "set twice".into());
        }
    }
}
