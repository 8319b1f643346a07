//! The innermost catcher gets the request; an outer one gets what that passes on.

use std::future::pending;

use bowerbird::{catch_cancel, create_task, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page) -> &'static str {
    let inner = async {
        if let Err(cancelled) = catch_cancel(pending::<()>()).await {
            say!(page, "inner");
            cancelled.resume().await;
        }
    };
    if catch_cancel(inner).await.is_err() {
        say!(page, "outer");
    }
    "value"
}

async fn program(page: Page) {
    let task = create_task(work(page.clone()));
    yield_now().await;
    task.cancel();
    say!(page, "{}", task.await.unwrap());
}
