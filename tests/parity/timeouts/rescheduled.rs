//! A limit can be looked at, moved and lifted while it runs, and knows afterwards whether it
//! was over.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bowerbird::{sleep, timeout_scope};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const SECOND: Duration = Duration::from_secs(1);

#[expect(
    clippy::disallowed_methods,
    reason = "deadlines are users' own points in time"
)]
fn now() -> Instant {
    Instant::now()
}

async fn program(page: Page) {
    let moved = timeout_scope(Duration::from_millis(20), async |limit| {
        say!(
            page,
            "in the future: {}",
            truth(limit.when().unwrap() > now())
        );
        limit.reschedule(now() + 10 * SECOND);
        sleep(Duration::from_millis(50)).await;
        limit.reschedule(None);
        say!(page, "limit: {:?}", limit.when());
        limit
    });
    let limit = moved.await.unwrap();
    say!(page, "expired: {}", truth(limit.expired()));
    let kept = OnceLock::new();
    let late = timeout_scope(None, async |limit| {
        kept.get_or_init(|| limit.clone());
        limit.reschedule(now() - SECOND);
        say!(page, "still here");
        sleep(SECOND).await;
    });
    if late.await.is_err() {
        say!(page, "expired: {}", truth(kept.get().unwrap().expired()));
    }
}
