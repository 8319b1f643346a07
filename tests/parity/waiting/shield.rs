//! A shield keeps a cancellation from what is inside, which can still be cancelled by itself.

use std::time::Duration;

use bowerbird::{Promise, catch_cancel, create_task, shield, sleep, wait, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn inner(page: Page, answer: Promise<&'static str>) {
    sleep(Duration::from_millis(20)).await;
    say!(page, "inner goes on");
    answer.set_result("value").unwrap();
}

async fn program(page: Page) {
    // The shield takes the task, so that its value comes by another way.
    let answer = Promise::new();
    let shield = shield(inner(page.clone(), answer.clone()));
    let told = page.clone();
    let shielding = create_task(async move {
        if let Err(cancelled) = catch_cancel(shield).await {
            say!(told, "outer is cancelled");
            cancelled.resume().await;
        }
    });
    yield_now().await;
    shielding.cancel();
    wait([shielding]).await;
    say!(page, "{}", answer.await.unwrap());
    let task = create_task(inner(page.clone(), Promise::new()));
    task.cancel();
    if bowerbird::shield(task).await.is_err() {
        say!(page, "inner was cancelled");
    }
}
