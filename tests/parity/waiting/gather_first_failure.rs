//! `gather` fails at once with the first failure, and the others run on.

use std::time::Duration;

use bowerbird::{TaskError, create_task, gather, sleep, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, name: &str, millis: u64, fails: bool) {
    sleep(Duration::from_millis(millis)).await;
    assert!(!fails, "{name} broke");
    say!(page, "done {name}");
}

async fn program(page: Page) {
    let slow = create_task(work(page.clone(), "slow", 500, false));
    let slow_ref = slow.handle();
    let quick = create_task(work(page.clone(), "quick", 0, false));
    let bad = create_task(work(page.clone(), "bad", 10, true));
    if let Err(TaskError::Panicked(panic)) = gather([quick, slow, bad]).await {
        say!(page, "caught: {}", panic.message().unwrap());
    }
    say!(page, "slow is done: {}", truth(slow_ref.is_done()));
    // The gather took the task, so its end is waited for through the handle.
    while !slow_ref.is_done() {
        yield_now().await;
    }
    say!(page, "end");
}
