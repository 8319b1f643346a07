//! More blocking calls than threads for them, some given up before they start, some right on the
//! workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bowerbird::{Task, TaskError, block_in_place, create_task, sleep, to_thread};

use crate::dice::Dice;
use crate::ledger::Stage;

pub(crate) async fn run(mut stage: Stage) {
    for _ in 0..1 + stage.dice.below(3) {
        burst(&mut stage).await;
        // Long enough, now and then, for idle threads to go.
        sleep(stage.dice.micros(3000)).await;
    }
}

/// Many calls at once.
async fn burst(stage: &mut Stage) {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = stage.dice.below(60);
    let calls: Vec<Task<usize>> = (0..count).map(|number| call(stage, &ran, number)).collect();
    let in_place = create_task(in_place(stage.fork()));
    for call in &calls {
        if stage.dice.is_one_in(4) {
            call.cancel();
        }
    }
    let mut answers = 0;
    for (number, call) in calls.into_iter().enumerate() {
        match call.await {
            Ok(answer) => {
                stage
                    .ledger
                    .check(answer == number, || format!("call {number} gave {answer}"));
                answers += 1;
            }
            Err(TaskError::Cancelled) => {}
            Err(error) => stage.ledger.complain(format!("call {number}: {error}")),
        }
        stage.ledger.step();
    }
    // Relaxed: every call that is counted in `answers` was awaited.
    let ran = ran.load(Ordering::Relaxed);
    stage.ledger.check(ran >= answers, || {
        format!("{answers} answers of {ran} calls")
    });
    stage.ledger.allow("a call in place", in_place.await);
}

/// A call on the pool; its entry goes with the call, whether it ever starts or not.
fn call(stage: &mut Stage, ran: &Arc<AtomicUsize>, number: usize) -> Task<usize> {
    let (entry, ran) = (stage.ledger.enter(), ran.clone());
    let mut dice = stage.dice.fork();
    to_thread(move || {
        let _entry = entry;
        work(&mut dice);
        ran.fetch_add(1, Ordering::Relaxed);
        number
    })
}

async fn in_place(mut stage: Stage) {
    let _entry = stage.ledger.enter();
    for _ in 0..stage.dice.below(6) {
        block_in_place(|| work(&mut stage.dice));
        sleep(stage.dice.micros(300)).await;
    }
}

/// Blocks, more or less.
fn work(dice: &mut Dice) {
    let pause = dice.micros(600);
    if pause > Duration::from_micros(200) {
        thread::park_timeout(pause);
    }
}
