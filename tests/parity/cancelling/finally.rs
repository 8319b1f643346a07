//! A clean-up runs on every way out; a second request interrupts it.

use std::future::pending;
use std::time::Duration;

use bowerbird::{TaskError, create_task, finally, sleep, wait, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, steps: u32) -> &'static str {
    let working = async {
        yield_now().await;
        match steps {
            1 => panic!("broken"),
            2 => pending().await,
            _ => "value",
        }
    };
    let cleanup = async {
        say!(page, "clean-up begins");
        sleep(Duration::from_millis(10)).await;
        say!(page, "clean-up ends");
    };
    finally(working, cleanup).await
}

async fn program(page: Page) {
    for steps in 0..3 {
        let task = create_task(work(page.clone(), steps));
        yield_now().await;
        yield_now().await;
        if steps == 2 {
            task.cancel();
        }
        match task.await {
            Ok(text) => say!(page, "{text}"),
            Err(TaskError::Panicked(_)) => say!(page, "ValueError"),
            Err(TaskError::Cancelled) => say!(page, "CancelledError"),
        }
    }
    let mut task = create_task(work(page.clone(), 2));
    for _ in 0..3 {
        yield_now().await;
    }
    task.cancel();
    yield_now().await;
    task.cancel();
    wait([&mut task]).await;
    say!(page, "interrupted");
}
