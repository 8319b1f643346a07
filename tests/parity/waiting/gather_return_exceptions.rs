//! With `return_exceptions` failures and cancellations are results among others.

use bowerbird::{TaskError, create_task, gather, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(name: &str) -> &str {
    yield_now().await;
    assert_ne!(name, "bad", "broken");
    name
}

async fn program(page: Page) {
    let tasks = ["one", "bad", "cancelled", "two"].map(|name| create_task(work(name)));
    tasks[2].cancel();
    for result in gather(tasks).return_exceptions().await {
        match result {
            Ok(name) => say!(page, "{name}"),
            Err(TaskError::Panicked(_)) => say!(page, "ValueError"),
            Err(TaskError::Cancelled) => say!(page, "CancelledError"),
        }
    }
}
