//! Setting an event wakes all who wait, even if it is cleared at once.

use std::sync::Arc;

use bowerbird::{Event, create_task, gather, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn wait(page: Page, event: Arc<Event>, name: &str) {
    event.wait().await;
    say!(page, "{name} goes on");
}

async fn program(page: Page) {
    let event = Arc::new(Event::new());
    let wait = |name| wait(page.clone(), event.clone(), name);
    let tasks = ["a", "b", "c"].map(|name| create_task(wait(name)));
    yield_now().await;
    say!(page, "set {}", truth(event.is_set()));
    event.set();
    event.clear();
    gather(tasks).await.unwrap();
    let late = create_task(wait("late"));
    yield_now().await;
    say!(page, "late is done {}", truth(late.is_done()));
    event.set();
    late.await.unwrap();
    wait("main").await;
}
