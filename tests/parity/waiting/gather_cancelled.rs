//! Who cancels a gather cancels its members; a member's own end cancels nobody else.

use std::future::pending;
use std::time::Duration;

use bowerbird::{create_task, finally, gather, sleep, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const SHORT: Duration = Duration::from_millis(50);

async fn work(page: Page, name: char) {
    finally(pending::<()>(), async { say!(page, "end of {name}") }).await;
}

async fn program(page: Page) {
    let both = ['a', 'b'].map(|name| work(page.clone(), name));
    let task = create_task(async move { gather(both).await.is_ok() });
    sleep(SHORT).await;
    task.cancel();
    if task.await.unwrap_err().is_cancelled() {
        say!(page, "gather was cancelled");
    }
    let members = ['c', 'd'].map(|name| create_task(work(page.clone(), name)));
    let [c, d] = [members[0].handle(), members[1].handle()];
    let gathering = gather(members);
    sleep(SHORT).await;
    c.cancel();
    if gathering.await.unwrap_err().is_cancelled() {
        say!(page, "one member was cancelled");
    }
    say!(page, "the other one is done: {}", truth(d.is_done()));
    d.cancel();
    while !d.is_done() {
        yield_now().await;
    }
}
