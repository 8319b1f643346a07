//! Of nested limits the one that is over says so, and the body's clean-up runs before.

use std::future::pending;
use std::time::Duration;

use bowerbird::{finally, timeout};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: &Page) {
    finally(pending::<()>(), async { say!(page, "cleaned up") }).await;
}

async fn program(page: Page) {
    let (short, long) = (Duration::from_millis(10), Duration::from_secs(10));
    for (outer, inner) in [(long, short), (short, long)] {
        match timeout(outer, timeout(inner, work(&page))).await {
            Ok(Ok(())) => say!(page, "in time"),
            Ok(Err(_)) => say!(page, "inner"),
            Err(_) => say!(page, "outer"),
        }
    }
    timeout(long, async { say!(page, "in time") })
        .await
        .unwrap();
}
