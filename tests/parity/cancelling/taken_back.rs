//! A request that is taken back before it arrives is forgotten.

use bowerbird::{create_task, current_task, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page) -> &'static str {
    let me = current_task().unwrap();
    me.cancel();
    say!(page, "left {}", me.uncancel());
    yield_now().await;
    "went on"
}

async fn program(page: Page) {
    say!(page, "{}", create_task(work(page.clone())).await.unwrap());
}
