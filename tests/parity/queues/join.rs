//! `join` waits until every item was worked off, and not merely taken.

use std::time::Duration;

use bowerbird::{Queue, create_task, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, queue: Queue<char>) {
    while let Ok(item) = queue.get().await {
        sleep(Duration::from_millis(10)).await;
        say!(page, "worked off {item}");
        queue.task_done().unwrap();
    }
}

async fn program(page: Page) {
    let queue = Queue::new(0);
    queue.join().await;
    say!(page, "nothing to wait for");
    let worker = create_task(work(page.clone(), queue.clone()));
    for item in ['a', 'b', 'c'] {
        queue.put_nowait(item).unwrap();
    }
    queue.join().await;
    say!(page, "joined");
    if queue.task_done().is_err() {
        say!(page, "too often");
    }
    worker.cancel();
}
