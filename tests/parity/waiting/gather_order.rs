//! `gather` gives results in the order of its arguments, whoever is done first.

use std::future::Ready;
use std::time::Duration;

use bowerbird::{gather, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, name: u32, millis: u64) -> u32 {
    sleep(Duration::from_millis(millis)).await;
    say!(page, "done {name}");
    name
}

async fn program(page: Page) {
    let works = [(3, 60), (1, 10), (2, 30)];
    let results = gather(works.map(|(name, millis)| work(page.clone(), name, millis))).await;
    say!(page, "{:?}", results.unwrap());
    let none: [Ready<u32>; 0] = [];
    say!(page, "{:?}", gather(none).await.unwrap());
}
