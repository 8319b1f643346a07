//! Who sleeps shorter wakes first, whatever was begun first; a sleep gives the result it is told.

use std::time::Duration;

use bowerbird::{gather, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn nap(page: Page, name: &str, millis: u64) {
    let doubled = sleep(Duration::from_millis(millis)).with_result(name.repeat(2));
    say!(page, "{name} gets {}", doubled.await);
}

async fn program(page: Page) {
    let naps = [("c", 90), ("a", 10), ("b", 50), ("now", 0)];
    gather(naps.map(|(name, millis)| nap(page.clone(), name, millis)))
        .await
        .unwrap();
    // A `Duration` is never below zero.
    say!(
        page,
        "below zero {}",
        sleep(Duration::ZERO).with_result("too").await
    );
}
