//! A child that is cancelled is no failure, and cancels nobody else.

use std::future::pending;
use std::time::Duration;

use bowerbird::{TaskGroup, sleep, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

type Ended<T> = Result<T, String>;

async fn program(page: Page) {
    let grouped = TaskGroup::scope(async |group| {
        let victim = group.create_task(pending::<Ended<()>>());
        let other = group.create_task(async {
            sleep(Duration::from_millis(10)).await;
            Ok("value")
        });
        yield_now().await;
        victim.cancel();
        Ended::Ok((victim, other))
    });
    let (victim, other) = grouped.await.unwrap();
    say!(
        page,
        "{} {}",
        truth(victim.is_cancelled()),
        other.await.unwrap()
    );
}
