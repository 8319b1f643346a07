//! The second text on `shield`: its awaiter is cancelled, what it shields goes on; unless that
//! gives up.

use std::time::Duration;

use bowerbird::{catch_cancel, create_task, current_task, shield, sleep, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn something(page: Page, gives_up: bool) {
    sleep(Duration::from_millis(10)).await;
    if gives_up {
        current_task().unwrap().cancel();
        yield_now().await;
    }
    say!(page, "something is done");
}

async fn cor(page: Page, gives_up: bool) {
    let shielded = catch_cancel(shield(something(page.clone(), gives_up))).await;
    if !matches!(shielded, Ok(Ok(()))) {
        say!(page, "CancelledError");
    }
}

async fn program(page: Page) {
    let task = create_task(cor(page.clone(), false));
    yield_now().await;
    task.cancel();
    task.await.unwrap();
    sleep(Duration::from_millis(30)).await;
    cor(page, true).await;
}
