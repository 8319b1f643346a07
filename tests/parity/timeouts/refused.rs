//! A body that swallows the request ends as it likes; the limit still knows that it was over.

use std::future::pending;
use std::time::Duration;

use bowerbird::{catch_cancel, sleep, timeout_scope};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const SHORT: Duration = Duration::from_millis(10);

async fn program(page: Page) {
    let refused = timeout_scope(SHORT, async |limit| {
        if catch_cancel(pending::<()>()).await.is_err() {
            say!(page, "asked to end");
        }
        sleep(SHORT).await;
        say!(page, "went on");
        limit
    });
    let limit = refused.await.unwrap();
    say!(page, "expired: {}", truth(limit.expired()));
}
