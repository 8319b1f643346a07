//! A task that cancels itself is cancelled at its next await.

use bowerbird::{Task, create_task, current_task, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page) -> &'static str {
    current_task().unwrap().cancel();
    say!(page, "still running");
    yield_now().await;
    "never"
}

async fn at_return() -> &'static str {
    current_task().unwrap().cancel();
    "never"
}

async fn program(page: Page) {
    let tell = async |task: Task<&str>| match task.await {
        Ok(text) => say!(page, "{text}"),
        Err(_cancelled) => say!(page, "cancelled"),
    };
    tell(create_task(work(page.clone()))).await;
    tell(create_task(at_return())).await;
}
