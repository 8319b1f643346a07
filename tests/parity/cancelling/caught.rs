//! Who catches the request may clean up with awaits, and then return or pass it on.

use std::future::pending;
use std::time::Duration;

use bowerbird::{catch_cancel, create_task, sleep, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, passes_on: bool) -> &'static str {
    if let Err(cancelled) = catch_cancel(pending::<()>()).await {
        say!(page, "cleaning up");
        sleep(Duration::from_millis(10)).await;
        say!(page, "clean");
        if passes_on {
            cancelled.resume().await;
        }
    }
    "made do without"
}

async fn program(page: Page) {
    for passes_on in [false, true] {
        let task = create_task(work(page.clone(), passes_on));
        yield_now().await;
        task.cancel();
        match task.await {
            Ok(text) => say!(page, "{text}"),
            Err(_cancelled) => say!(page, "cancelled"),
        }
    }
}
