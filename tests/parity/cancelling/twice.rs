//! Two requests before the task runs again are counted, and come as one, with the first's words.

use std::future::pending;

use bowerbird::{catch_cancel, create_task, current_task, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page) -> &'static str {
    if let Err(cancelled) = catch_cancel(pending::<()>()).await {
        say!(page, "asked: {}", cancelled.message().unwrap());
        say!(page, "requests {}", current_task().unwrap().cancelling());
    }
    yield_now().await;
    say!(page, "asked no more");
    "went on"
}

async fn program(page: Page) {
    let task = create_task(work(page.clone()));
    yield_now().await;
    let (one, two) = (task.cancel_with("one"), task.cancel_with("two"));
    say!(page, "{} {}", truth(one), truth(two));
    say!(page, "{}", task.await.unwrap());
}
