//! Callbacks of a task run in order, on the loop, after its end and before its awaiter's next step.

use bowerbird::{create_task, wait, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page) {
    say!(page, "working");
}

async fn program(page: Page) {
    let mut task = create_task(work(page.clone()));
    let say = |text: &'static str| {
        let page = page.clone();
        move |_: &_| say!(page, "{text}")
    };
    // A callback gets the untyped task: what it ended with is the awaiter's.
    task.add_done_callback(say("first sees 7"));
    let unwanted = task.add_done_callback(say("never"));
    task.add_done_callback(say("second"));
    say!(
        page,
        "removed {}",
        u8::from(task.remove_done_callback(unwanted))
    );
    wait([&mut task]).await;
    say!(page, "waited");
    task.add_done_callback(say("late"));
    say!(page, "added late");
    yield_now().await;
    say!(page, "end");
}
