//! A `wait` that is over before its tasks neither raises nor cancels; nor does one that is
//! cancelled.

use std::time::Duration;

use bowerbird::{catch_cancel, create_task, current_task, sleep, wait, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(millis: u64) -> &'static str {
    sleep(Duration::from_millis(millis)).await;
    "value"
}

async fn program(page: Page) {
    let mut task = create_task(work(500));
    let (done, pending) = wait([&mut task]).timeout(Duration::from_millis(10)).await;
    let lengths = (done.len(), pending.len());
    say!(page, "{} {} {}", lengths.0, lengths.1, task.cancelling());
    // A task that waits owns what it waits for; so this one lends, catches, and gives back.
    let waiting = create_task(async move {
        let caught = catch_cancel(wait([&mut task])).await.is_err();
        (caught, task)
    });
    yield_now().await;
    waiting.cancel();
    let (caught, task) = waiting.await.unwrap();
    assert!(caught && current_task().is_some());
    say!(page, "the wait was cancelled");
    say!(page, "{}", task.await.unwrap());
}
