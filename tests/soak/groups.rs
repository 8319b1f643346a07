//! Task groups within task groups, some of whose children fail, panic or are too slow; when a scope
//! ends, nothing that was begun inside it is alive.

use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bowerbird::{TaskGroup, finally, sleep, timeout, yield_now};

use crate::ledger::{Ledger, Stage};

/// Why a child failed.
#[derive(Debug)]
struct Planned;

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("planned")
    }
}

/// What is alive in one scope. Relaxed: read when the scope is over, and with it every task that
/// wrote.
#[derive(Clone, Default)]
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn enter(&self) -> Member {
        self.0.fetch_add(1, Ordering::Relaxed);
        Member(self.clone())
    }

    fn check_empty(&self, ledger: &Ledger) {
        let count = self.0.load(Ordering::Relaxed);
        ledger.check(count == 0, || {
            format!("{count} children have outlived their group")
        });
    }
}

/// One of those alive.
struct Member(Alive);

impl Drop for Member {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) async fn run(mut stage: Stage) {
    for _ in 0..1 + stage.dice.below(4) {
        let depth = stage.dice.below(4);
        // What fails is planned; that it ends is what counts.
        let _ended = scope(stage.fork(), depth).await;
        stage.ledger.step();
    }
}

/// A scope, limited in time now and then, with what it began accounted for.
fn scope(
    mut stage: Stage,
    depth: usize,
) -> Pin<Box<dyn Future<Output = Result<(), Planned>> + Send>> {
    Box::pin(async move {
        let alive = Alive::default();
        let (ledger, members) = (stage.ledger.clone(), alive.clone());
        let limit = stage.dice.is_one_in(3).then(|| stage.dice.micros(3000));
        let group = TaskGroup::<Planned>::scope(move |group| body(stage, group, members, depth));
        let ended = timeout(limit, group).await;
        alive.check_empty(&ledger);
        match ended {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(error)) if error.is_cancelled() => Ok(()),
            Ok(Err(_)) => Err(Planned),
        }
    })
}

async fn body(
    mut stage: Stage,
    group: TaskGroup<Planned>,
    alive: Alive,
    depth: usize,
) -> Result<(), Planned> {
    let _entry = stage.ledger.enter();
    for _ in 0..stage.dice.below(8) {
        let member = alive.enter();
        group
            .create_task(child(stage.fork(), member, depth))
            .detach();
        if stage.dice.is_one_in(4) {
            sleep(stage.dice.micros(300)).await;
        }
    }
    if stage.dice.is_one_in(8) {
        group.cancel();
        // It ends at its next await.
        yield_now().await;
    }
    if stage.dice.is_one_in(8) {
        return Err(Planned);
    }
    Ok(())
}

async fn child(mut stage: Stage, member: Member, depth: usize) -> Result<(), Planned> {
    let (_entry, _member) = (stage.ledger.enter(), member);
    match stage.dice.below(10) {
        0 => Err(Planned),
        1 => {
            yield_now().await;
            resume_unwind(Box::new("planned"))
        }
        2 | 3 if depth > 0 => scope(stage.fork(), depth - 1).await,
        4 => {
            let (long, short) = (Duration::from_secs(3600), stage.dice.micros(300));
            // Only a failure beside it ends this one before its time.
            timeout(Duration::from_millis(5), finally(sleep(long), sleep(short)))
                .await
                .ok();
            Ok(())
        }
        _ => {
            sleep(stage.dice.micros(1500)).await;
            Ok(())
        }
    }
}
