//! The first text's table of the loop's methods, each used once.

use bowerbird::{EventLoop, get_running_loop};

use crate::page::{Page, truth};
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn work(page: Page) -> &'static str {
    // asyncio's `get_event_loop` inside a task.
    let event_loop = get_running_loop();
    say!(page, "the same loop {}", truth(event_loop.is_ok()));
    let event_loop = event_loop.unwrap();
    say!(page, "running {}", truth(event_loop.is_running()));
    event_loop.stop();
    "result"
}

fn program(page: Page) {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let task = event_loop.create_task(work(page.clone()));
    say!(page, "running {}", truth(event_loop.is_running()));
    event_loop.run_forever().unwrap();
    say!(page, "stopped; running {}", truth(event_loop.is_running()));
    say!(
        page,
        "{}",
        event_loop.run_until_complete(task).unwrap().unwrap()
    );
    say!(page, "closed {}", truth(event_loop.is_closed()));
    event_loop.close().unwrap();
    say!(page, "closed {}", truth(event_loop.is_closed()));
}
