//! A body that fails cancels the children; its failure comes last.

use std::future::pending;

use bowerbird::{TaskGroup, catch_cancel, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn child(page: Page) -> Result<(), &'static str> {
    if catch_cancel(pending::<()>()).await.is_err() {
        say!(page, "child is cancelled");
    }
    Err("child")
}

async fn program(page: Page) {
    let failed = TaskGroup::scope(async |group| {
        group.create_task(child(page.clone()));
        yield_now().await;
        Err::<(), _>("body")
    });
    let error = failed.await.unwrap_err();
    let texts: Vec<_> = error.errors().copied().collect();
    say!(page, "failures: {}", texts.join(" "));
}
