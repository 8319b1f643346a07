//! The first failure cancels the others and the body; all end before the group raises everything.

use std::future::pending;
use std::time::Duration;

use bowerbird::{TaskGroup, catch_cancel, current_task, finally, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

type Ended = Result<(), &'static str>;

const SHORT: Duration = Duration::from_millis(10);

async fn bad() -> Ended {
    sleep(SHORT).await;
    Err("bad")
}

async fn worse(page: Page) -> Ended {
    if catch_cancel(pending::<()>()).await.is_err() {
        say!(page, "worse cleans up");
        sleep(SHORT).await;
    }
    Err("worse")
}

async fn good(page: Page) -> Ended {
    let cleanup = async {
        sleep(SHORT / 2).await;
        say!(page, "good cleans up");
    };
    finally(pending(), cleanup).await
}

/// The request reaches the body before the children, so this one lets them go first.
async fn body(page: Page) -> Ended {
    let cleanup = async {
        sleep(2 * SHORT).await;
        say!(page, "body cleans up");
    };
    finally(pending(), cleanup).await
}

async fn program(page: Page) {
    let failed = TaskGroup::scope(async |group| {
        group.create_task(bad());
        group.create_task(worse(page.clone()));
        group.create_task(good(page.clone()));
        body(page.clone()).await
    });
    let error = failed.await.unwrap_err();
    let texts: Vec<_> = error.errors().copied().collect();
    say!(page, "failures: {}", texts.join(" "));
    let left = current_task().map_or(0, |task| task.cancelling());
    say!(page, "requests left: {left}");
}
