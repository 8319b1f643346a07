//! Cancelling a task that waits for a task cancels that one, which may refuse.
//!
//! `wait_for` without a limit, since a plain await is dropped at once: it cancels too, but does not
//! wait for the inner end.

use std::future::pending;
use std::time::Duration;

use bowerbird::{catch_cancel, create_task, finally, sleep, wait_for};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn inner(page: Page, refuses: bool) -> &'static str {
    if let Err(cancelled) = catch_cancel(pending::<()>()).await {
        say!(page, "inner is asked");
        if !refuses {
            cancelled.resume().await;
        }
    }
    "inner's answer"
}

async fn outer(page: Page, refuses: bool) -> &'static str {
    let inner = create_task(inner(page.clone(), refuses));
    let ending = async { say!(page, "outer ends") };
    let waiting = async { wait_for(inner, None).await.unwrap() };
    finally(waiting, ending).await.unwrap()
}

async fn program(page: Page) {
    for refuses in [false, true] {
        let task = create_task(outer(page.clone(), refuses));
        sleep(Duration::from_millis(50)).await;
        task.cancel();
        match task.await {
            Ok(text) => say!(page, "{text}"),
            Err(_cancelled) => say!(page, "outer was cancelled"),
        }
    }
}
