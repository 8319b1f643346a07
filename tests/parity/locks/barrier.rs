//! A barrier lets a whole party through, again and again; aborted, it breaks for all who wait.

use std::sync::Arc;
use std::time::Duration;

use bowerbird::{Barrier, create_task, gather, sleep};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const SHORT: Duration = Duration::from_millis(50);

async fn come(page: Page, barrier: Arc<Barrier>, name: char) {
    match barrier.wait().await {
        Ok(number) => say!(page, "{name} was number {number}"),
        Err(_broken) => say!(page, "{name} found it broken"),
    }
}

async fn program(page: Page) {
    let barrier = Arc::new(Barrier::new(2).unwrap());
    let come = |name| come(page.clone(), barrier.clone(), name);
    for party in [['a', 'b'], ['c', 'd']] {
        gather(party.map(come)).await.unwrap();
    }
    let waiting = create_task(come('e'));
    sleep(SHORT).await;
    let (waits, parties) = (barrier.n_waiting(), barrier.parties());
    say!(page, "waiting {waits} of {parties}");
    barrier.reset();
    waiting.await.unwrap();
    let waiting = create_task(come('f'));
    sleep(SHORT).await;
    barrier.abort();
    waiting.await.unwrap();
    come('g').await;
    say!(page, "broken {}", truth(barrier.is_broken()));
}
