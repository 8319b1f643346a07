//! What the first text's programs met in a notebook: a loop that runs cannot be run; the task
//! goes on.

use std::time::Duration;

use bowerbird::{EventLoop, get_running_loop, sleep};

use crate::page::Page;
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn sleeping(page: Page, x: Duration) {
    for i in 0..3 {
        say!(page, "sleep --> {i}");
        sleep(x).await;
    }
}

async fn notebook(page: Page) {
    let event_loop = get_running_loop().unwrap();
    let mut task = event_loop.create_task(sleeping(page.clone(), Duration::ZERO));
    if let Err(error) = event_loop.run_until_complete(&mut task) {
        say!(page, "RuntimeError: {error}");
    }
    task.await.unwrap();
}

fn program(page: Page) {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop.run_until_complete(notebook(page)).unwrap();
    event_loop.close().unwrap();
}
