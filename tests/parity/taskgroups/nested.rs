//! A failure outside cancels the inner group's children, and comes out flat; one inside comes
//! nested.

use std::future::pending;

use bowerbird::{TaskGroup, TaskGroupError, finally, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

type Inner = TaskGroupError<&'static str>;

async fn wait(page: Page, name: &str) {
    finally(pending::<()>(), async { say!(page, "{name} is cancelled") }).await;
}

fn texts(error: &Inner) -> String {
    error.errors().copied().collect::<Vec<_>>().join(" ")
}

async fn program(page: Page) {
    let flat = TaskGroup::<&str>::scope(async |outer| {
        let inner = TaskGroup::<&str>::scope(async |inner| {
            inner.create_task(wait(page.clone(), "inner"));
            yield_now().await;
            outer.create_task(async { Err::<(), _>("outer") });
            Ok(())
        });
        inner.await.map_err(|_| "inner")
    });
    say!(page, "flat: {}", texts(&flat.await.unwrap_err()));
    let nested = TaskGroup::<Inner>::scope(async |outer| {
        outer.create_task(wait(page.clone(), "outer"));
        yield_now().await;
        TaskGroup::scope(async |inner| {
            inner.create_task(async { Err::<(), _>("inner") });
            Ok(())
        })
        .await
    });
    let error = nested.await.unwrap_err();
    say!(page, "nested: {}", texts(error.errors().next().unwrap()));
}
