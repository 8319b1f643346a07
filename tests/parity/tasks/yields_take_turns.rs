//! Tasks that yield take turns, one step each.

use bowerbird::{create_task, gather, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn count(page: Page, name: &str, end: u32) {
    for number in 0..end {
        say!(page, "{name} {number}");
        yield_now().await;
    }
}

async fn program(page: Page) {
    let counting = [("a", 3), ("b", 1), ("c", 2)]
        .map(|(name, end)| create_task(count(page.clone(), name, end)));
    for number in 0..3 {
        say!(page, "main {number}");
        yield_now().await;
    }
    gather(counting).await.unwrap();
    say!(page, "all counted");
}
