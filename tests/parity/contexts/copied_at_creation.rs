//! A task sees the variables as they were when it was made, and what it sets is its own.

use bowerbird::{ContextVar, create_task, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

static USER: ContextVar<&str> = ContextVar::new("user");

async fn work(page: Page) {
    say!(page, "task sees {}", USER.get().unwrap());
    USER.set("task");
    yield_now().await;
    say!(page, "task sees {}", USER.get().unwrap());
}

async fn program(page: Page) {
    USER.set("main");
    let task = create_task(work(page.clone()));
    USER.set("changed");
    task.await.unwrap();
    say!(page, "main sees {}", USER.get().unwrap());
}
