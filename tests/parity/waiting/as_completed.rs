//! `as_completed` gives results in the order of completion, and ends when its time is over.

use std::time::Duration;

use bowerbird::{as_completed, create_task, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(name: &str, millis: u64) -> &str {
    sleep(Duration::from_millis(millis)).await;
    name
}

async fn program(page: Page) {
    let mut results = as_completed([work("c", 90), work("a", 10), work("b", 50)]);
    while let Some(result) = results.next().await {
        say!(page, "{}", result.unwrap());
    }
    let tasks = [
        create_task(work("in time", 0)),
        create_task(work("late", 500)),
    ];
    let mut results = as_completed(tasks).timeout(Duration::from_millis(100));
    while let Some(result) = results.next().await {
        match result {
            Ok(result) => say!(page, "{}", result.unwrap()),
            Err(_timed_out) => say!(page, "timed out"),
        }
    }
    for task in results.into_pending() {
        say!(page, "{}", task.await.unwrap());
    }
}
