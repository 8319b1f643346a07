//! A body that swallows its group's request goes on, and may wait; the group raises at its end.

use std::future::pending;
use std::time::Duration;

use bowerbird::{TaskGroup, catch_cancel, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let failed = TaskGroup::scope(async |group| {
        group.create_task(async { Err::<(), _>("broken") });
        if catch_cancel(pending::<()>()).await.is_err() {
            say!(page, "swallowed");
        }
        sleep(Duration::from_millis(10)).await;
        say!(page, "went on");
        Ok(())
    });
    let error = failed.await.unwrap_err();
    let texts: Vec<_> = error.errors().copied().collect();
    say!(page, "failures: {}", texts.join(" "));
}
