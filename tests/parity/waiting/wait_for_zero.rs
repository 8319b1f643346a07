//! No time at all: what is done gives its value, what is not is cancelled before it goes on.

use std::time::Duration;

use bowerbird::{create_task, sleep, wait, wait_for, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const NONE: Duration = Duration::ZERO;

async fn work(page: Page) {
    yield_now().await;
    say!(page, "never");
}

async fn program(page: Page) {
    let mut done = create_task(sleep(NONE).with_result("value"));
    wait([&mut done]).await;
    say!(page, "{}", wait_for(done, NONE).await.unwrap().unwrap());
    let mut task = create_task(work(page.clone()));
    if wait_for(&mut task, NONE).await.is_err() {
        say!(page, "timed out");
    }
    if wait_for(work(page.clone()), NONE).await.is_err() {
        say!(page, "timed out");
    }
    say!(page, "cancelled: {}", truth(task.is_cancelled()));
}
