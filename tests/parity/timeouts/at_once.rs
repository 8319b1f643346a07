//! A limit that is over from the start leaves what never waits alone, and ends the rest at its
//! first wait.

use std::time::{Duration, Instant};

use bowerbird::{timeout, timeout_at, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

#[expect(
    clippy::disallowed_methods,
    reason = "deadlines are users' own points in time"
)]
fn past() -> Instant {
    Instant::now() - Duration::from_secs(1)
}

async fn program(page: Page) {
    let body = async { say!(page, "untouched") };
    timeout(Duration::ZERO, body).await.unwrap();
    let late = timeout_at(past(), async {
        say!(page, "begins");
        yield_now().await;
        yield_now().await;
        say!(page, "never");
    });
    if late.await.is_err() {
        say!(page, "timed out");
    }
}
