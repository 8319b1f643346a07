//! `wait_for` gives the value in time, or cancels and raises; it waits for the end of the clean-up.

use std::time::Duration;

use bowerbird::{catch_cancel, create_task, sleep, wait_for};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, delay: Duration) -> &'static str {
    if let Err(cancelled) = catch_cancel(sleep(delay)).await {
        sleep(Duration::from_millis(10)).await;
        say!(page, "cleaned up");
        cancelled.resume().await;
    }
    "value"
}

async fn program(page: Page) {
    let work = |millis| work(page.clone(), Duration::from_millis(millis));
    let in_time = wait_for(work(0), Duration::from_secs(1)).await;
    say!(page, "{}", in_time.unwrap());
    say!(page, "{}", wait_for(work(10), None).await.unwrap());
    let mut task = create_task(work(10_000));
    if wait_for(&mut task, Duration::from_millis(20))
        .await
        .is_err()
    {
        say!(page, "timed out; cancelled: {}", truth(task.is_cancelled()));
    }
}
