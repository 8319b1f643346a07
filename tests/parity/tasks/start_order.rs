//! Tasks start in the order they were made, once their maker waits.

use bowerbird::{create_task, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, name: char) {
    say!(page, "start {name}");
    yield_now().await;
    say!(page, "end {name}");
}

async fn program(page: Page) {
    let tasks = ['a', 'b', 'c'].map(|name| create_task(work(page.clone(), name)));
    say!(page, "made");
    for task in tasks {
        task.await.unwrap();
    }
    say!(page, "done");
}
