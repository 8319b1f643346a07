//! Any number may await a future; all get the same, in the order of waiting.

use std::time::Duration;

use bowerbird::{Promise, create_task, gather, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn wait(page: Page, promise: Promise<&'static str>, name: &str) {
    say!(page, "{name} got {}", promise.await.unwrap());
}

async fn program(page: Page) {
    let promise = Promise::new();
    let wait = |name| wait(page.clone(), promise.clone(), name);
    let tasks = ["a", "b", "c"].map(|name| create_task(wait(name)));
    let setter = promise.clone();
    create_task(async move {
        sleep(Duration::from_millis(10)).await;
        setter.set_result("it").unwrap();
    })
    .detach();
    gather(tasks).await.unwrap();
    wait("late").await;
}
