//! Requests are counted, and can be taken back by whoever made them.

use std::future::pending;

use bowerbird::{catch_cancel, create_task, current_task, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page) -> &'static str {
    let me = current_task().unwrap();
    for _ in 0..2 {
        if catch_cancel(pending::<()>()).await.is_err() {
            say!(page, "requests {}", me.cancelling());
        }
    }
    let left = [me.uncancel(), me.uncancel(), me.uncancel()];
    say!(page, "left {} {} {}", left[0], left[1], left[2]);
    "value"
}

async fn program(page: Page) {
    let mut task = create_task(work(page.clone()));
    for _ in 0..2 {
        yield_now().await;
        task.cancel();
    }
    say!(page, "{}", (&mut task).await.unwrap());
    say!(page, "when done {}", task.cancelling());
}
