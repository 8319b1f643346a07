//! The first text's fourth program: two tasks take turns at each `yield`, and `wait` waits for
//! both.

use bowerbird::{EventLoop, wait, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn a(page: Page) -> &'static str {
    for x in 0..3 {
        say!(page, "a.x - {x}");
        yield_now().await;
    }
    "a.finished"
}

async fn b(page: Page) -> &'static str {
    for x in 3..6 {
        say!(page, "b.x - {x}");
        yield_now().await;
    }
    "b.finished"
}

/// asyncio's `iscoroutinefunction`: what is none does not compile.
fn is_async_function<A: AsyncFn(Page) -> &'static str>(_function: &A) -> &'static str {
    truth(true)
}

/// asyncio's `iscoroutine`, likewise.
fn is_future<F: Future>(_future: &F) -> &'static str {
    truth(true)
}

fn program(page: Page) {
    say!(page, "{} {}", is_async_function(&a), is_async_function(&b));
    let (t1, t2) = (a(page.clone()), b(page.clone()));
    say!(page, "{} {}", is_future(&t1), is_future(&t2));
    let event_loop = EventLoop::new_current_thread().unwrap();
    let tasks = [event_loop.create_task(t1), event_loop.create_task(t2)];
    event_loop.run_until_complete(wait(tasks)).unwrap();
    event_loop.close().unwrap();
}
