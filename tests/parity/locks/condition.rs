//! `notify` wakes as many as it is told, in the order of waiting; `wait_for` waits for what is
//! true.

use std::sync::Arc;
use std::time::Duration;

use bowerbird::{Condition, Lock, create_task, gather, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const SHORT: Duration = Duration::from_millis(50);

type Shared = Arc<(Condition, Lock<Vec<usize>>)>;

async fn wait(page: Page, shared: Shared, name: char) {
    let (condition, lock) = &*shared;
    let guard = condition.wait(lock.acquire().await).await;
    say!(page, "{name} was notified");
    drop(guard);
}

async fn take(page: Page, shared: Shared) {
    let (condition, lock) = &*shared;
    let guard = lock.acquire().await;
    let mut stock = condition.wait_for(guard, |stock| !stock.is_empty()).await;
    say!(page, "took {}", stock.pop().unwrap());
}

async fn program(page: Page) {
    let shared = Shared::default();
    let (condition, lock) = &*shared;
    let names = ['a', 'b', 'c', 'd'];
    let tasks = names.map(|name| create_task(wait(page.clone(), shared.clone(), name)));
    sleep(SHORT).await;
    for count in [1, 2] {
        condition.notify(count);
        sleep(SHORT).await;
        let left = tasks.iter().filter(|task| !task.is_done()).count();
        say!(page, "left {left}");
    }
    condition.notify_all();
    gather(tasks).await.unwrap();
    let taking = create_task(take(page.clone(), shared.clone()));
    for number in [0, 1] {
        sleep(SHORT).await;
        lock.acquire().await.extend(vec![number; number]);
        condition.notify_all();
    }
    taking.await.unwrap();
}
