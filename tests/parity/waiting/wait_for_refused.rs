//! A task that answers its cancellation with a value gives that, though the time was over.

use std::future::pending;
use std::time::Duration;

use bowerbird::{catch_cancel, create_task, wait_for};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const SHORT: Duration = Duration::from_millis(10);

async fn stubborn() -> &'static str {
    match catch_cancel(pending::<()>()).await {
        Ok(()) => "impossible",
        Err(_cancelled) => "all the same",
    }
}

async fn program(page: Page) {
    say!(page, "{}", wait_for(stubborn(), SHORT).await.unwrap());
    let answer = wait_for(create_task(stubborn()), SHORT).await;
    say!(page, "{}", answer.unwrap().unwrap());
}
