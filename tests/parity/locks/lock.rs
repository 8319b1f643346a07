//! A lock goes to who has waited longest; a waiter that is cancelled loses it to the next one.

use std::sync::Arc;

use bowerbird::{Lock, create_task, wait, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, lock: Arc<Lock<()>>, name: char) {
    let guard = lock.acquire().await;
    say!(page, "{name} has it");
    yield_now().await;
    drop(guard);
    say!(page, "{name} gave it back");
}

async fn program(page: Page) {
    let lock = Arc::new(Lock::new(()));
    let guard = lock.acquire().await;
    let mut tasks = ['a', 'b', 'c'].map(|name| create_task(work(page.clone(), lock.clone(), name)));
    yield_now().await;
    say!(page, "locked {}", truth(lock.is_locked()));
    drop(guard);
    tasks[0].cancel();
    wait(&mut tasks).await;
    let (locked, cancelled) = (lock.is_locked(), tasks[0].is_cancelled());
    say!(
        page,
        "locked {} cancelled {}",
        truth(locked),
        truth(cancelled)
    );
}
