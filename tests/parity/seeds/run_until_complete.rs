//! The first text's first program: a loop runs a task, and its result is there after the close.

use std::time::Duration;

use bowerbird::{EventLoop, sleep};

use crate::page::Page;
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn sleep1(page: Page, x: Duration) -> String {
    for i in 0..3 {
        say!(page, "sleep - {i}");
        sleep(x).await;
    }
    format!("result = {}", 1000)
}

fn program(page: Page) {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let sleeping = sleep1(page.clone(), Duration::from_millis(10));
    // asyncio's `ensure_future` makes a task of a coroutine, as this does.
    let future = event_loop.create_task(sleeping);
    let result = event_loop.run_until_complete(future).unwrap();
    say!(page, "{}", "*".repeat(50));
    event_loop.close().unwrap();
    say!(page, "{}", result.unwrap());
    say!(page, "==============end==============");
}
