//! A limit around a group ends its children first; one that fails meanwhile is what comes out.

use std::future::pending;
use std::sync::OnceLock;
use std::time::Duration;

use bowerbird::{TaskGroup, catch_cancel, timeout_scope};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn child(page: Page, fails: bool) -> Result<(), &'static str> {
    let Err(cancelled) = catch_cancel(pending::<()>()).await else {
        return Ok(());
    };
    say!(page, "child ends");
    if fails {
        return Err("broken");
    }
    cancelled.resume().await;
    Ok(())
}

async fn program(page: Page) {
    for fails in [false, true] {
        let kept = OnceLock::new();
        let limited = timeout_scope(Duration::from_millis(10), async |limit| {
            kept.get_or_init(|| limit);
            TaskGroup::scope(async |group| {
                group.create_task(child(page.clone(), fails));
                Ok(())
            })
            .await
        });
        match limited.await {
            Ok(Ok(())) => say!(page, "in time"),
            Ok(Err(error)) => {
                let texts: Vec<_> = error.errors().copied().collect();
                say!(page, "failures: {}", texts.join(" "));
            }
            Err(_timed_out) => say!(page, "timed out"),
        }
        say!(page, "expired: {}", truth(kept.get().unwrap().expired()));
    }
}
