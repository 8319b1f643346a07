//! Storms of cancel requests, from tasks and from foreign threads, over whatever can be awaited;
//! after them no permit, guard, item or clean-up may be missing.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird::{
    Event, Lock, Queue, Semaphore, Task, TaskError, TaskRef, catch_cancel, create_task, finally,
    gather, shield, sleep, to_thread, yield_now,
};

use crate::ledger::Stage;

/// What the victims hold on to.
struct Props {
    /// Whose permits must all be back.
    semaphore: Semaphore,
    /// Which nobody may hold in the end.
    lock: Lock<()>,
    /// Whoever puts an item in takes one out.
    queue: Queue<()>,
    /// What never comes.
    never: Event,
    /// Clean-ups that are owed, less those that have come to their ends.
    unclean: AtomicUsize,
}

/// Permits of the semaphore, and places in the queue.
const PLACES: usize = 2;

pub(crate) async fn run(mut stage: Stage) {
    let props = Arc::new(Props {
        semaphore: Semaphore::new(PLACES),
        lock: Lock::new(()),
        queue: Queue::new(PLACES),
        never: Event::new(),
        unclean: AtomicUsize::new(0),
    });
    let count = 1 + stage.dice.below(80);
    let victim = |_| create_task(victim(stage.fork(), props.clone()));
    let victims: Vec<Task<()>> = (0..count).map(victim).collect();
    let targets: Vec<TaskRef> = victims.iter().map(Task::handle).collect();
    storm(&mut stage, &targets).await;
    for victim in victims {
        // One that has caught a request may go on to wait for what never comes.
        while victim.cancel() {
            sleep(stage.dice.micros(300)).await;
        }
        let is_right = matches!(victim.await, Ok(()) | Err(TaskError::Cancelled));
        stage
            .ledger
            .check(is_right, || "a victim has panicked".into());
        stage.ledger.step();
    }
    if !stage.ledger.is_lenient() {
        check_props(&stage, &props);
    }
}

/// Requests to random victims, some of them again and again.
async fn storm(stage: &mut Stage, targets: &[TaskRef]) {
    for _ in 0..stage.dice.below(5) {
        let mut dice = stage.dice.fork();
        let (targets, ledger) = (targets.to_vec(), stage.ledger.clone());
        let mut requests = move || {
            for _ in 0..targets.len() / 2 {
                targets[dice.below(targets.len())].cancel();
                ledger.step();
            }
        };
        if stage.dice.is_one_in(2) {
            requests();
        } else {
            stage.ledger.allow("a thread", to_thread(requests).await);
        }
        sleep(stage.dice.micros(800)).await;
    }
}

async fn victim(mut stage: Stage, props: Arc<Props>) {
    let _entry = stage.ledger.enter();
    for _ in 0..1 + stage.dice.below(5) {
        yield_now().await;
        match stage.dice.below(9) {
            0 => sleep(stage.dice.micros(2000)).await,
            1 => {
                let _permit = props.semaphore.acquire().await;
                sleep(stage.dice.micros(200)).await;
            }
            2 => {
                let _guard = props.lock.lock().await;
                sleep(stage.dice.micros(200)).await;
            }
            3 => through_queue(&stage, &props.queue).await,
            4 => props.never.wait().await,
            5 => clean_up(&mut stage, &props).await,
            6 => caught(&mut stage).await,
            7 => family(&mut stage).await,
            _ => sheltered(&mut stage).await,
        }
    }
}

/// Puts an item in and takes one out; a put that was cancelled has put nothing.
async fn through_queue(stage: &Stage, queue: &Queue<()>) {
    let (ours, theirs) = (queue.clone(), queue.clone());
    // Who is cancelled between the two leaves an item too many: a catcher takes it out first.
    stage.ledger.allow("put", ours.put(()).await);
    let got = catch_cancel(async move { theirs.get().await.is_ok() }).await;
    if let Err(request) = got {
        stage
            .ledger
            .check(queue.get_nowait().is_ok(), || "an item is lost".into());
        request.resume().await;
    }
}

/// A clean-up with awaits runs to its end however often it is asked to end.
async fn clean_up(stage: &mut Stage, props: &Props) {
    let pause = stage.dice.micros(300);
    // Relaxed: read after the tasks that write it were awaited.
    props.unclean.fetch_add(1, Ordering::Relaxed);
    let clean = async {
        // The second request interrupts this await and nothing after it.
        let _caught = catch_cancel(sleep(pause)).await;
        props.unclean.fetch_sub(1, Ordering::Relaxed);
    };
    finally(pending::<()>(), clean).await;
}

/// A request is caught, and the task goes on for a while.
async fn caught(stage: &mut Stage) {
    let pause = stage.dice.micros(1000);
    if let Err(request) = catch_cancel(sleep(pause)).await {
        if stage.dice.is_one_in(2) {
            request.resume().await;
        }
    }
}

/// Children that go when their parent does.
async fn family(stage: &mut Stage) {
    let child = |_| {
        let (entry, pause) = (stage.ledger.enter(), stage.dice.micros(1500));
        async move {
            let _entry = entry;
            sleep(pause).await;
        }
    };
    let children: Vec<_> = (0..3).map(child).collect();
    stage.ledger.allow("a child", gather(children).await);
}

/// A child that stays when its parent goes.
async fn sheltered(stage: &mut Stage) {
    let (entry, pause) = (stage.ledger.enter(), stage.dice.micros(1500));
    let inner = async move {
        let _entry = entry;
        sleep(pause).await;
    };
    stage.ledger.allow("a sheltered child", shield(inner).await);
}

fn check_props(stage: &Stage, props: &Props) {
    let permits = props.semaphore.available();
    let check = |holds: bool, what: String| stage.ledger.check(holds, || what);
    check(permits == PLACES, format!("{permits} permits are left"));
    check(!props.lock.is_locked(), "a lock is still held".into());
    let items = props.queue.qsize();
    check(items == 0, format!("{items} items are left"));
    let unclean = props.unclean.load(Ordering::Relaxed);
    check(unclean == 0, format!("{unclean} clean-ups are missing"));
}
