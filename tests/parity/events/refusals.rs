//! What a loop refuses, it refuses in these words.

use std::fmt::Display;

use bowerbird::{EventLoop, LoopError, get_running_loop, yield_now};

use crate::page::Page;
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

fn tell(page: &Page, result: Result<impl Display, LoopError>) {
    match result {
        Ok(value) => say!(page, "{value}"),
        Err(error) => say!(page, "{error}"),
    }
}

async fn stops() -> &'static str {
    get_running_loop().unwrap().stop();
    yield_now().await;
    yield_now().await;
    "survived"
}

fn program(page: Page) {
    let [event_loop, other] = [(); 2].map(|()| EventLoop::new_current_thread().unwrap());
    let refused = event_loop.run_until_complete(async {
        tell(&page, event_loop.run_forever().map(|()| "ran"));
        tell(&page, other.run_forever().map(|()| "ran"));
        tell(&page, event_loop.close().map(|()| "closed"));
    });
    refused.unwrap();
    let mut task = event_loop.create_task(stops());
    for _ in 0..2 {
        let result = event_loop.run_until_complete(&mut task);
        tell(&page, result.map(Result::unwrap));
    }
    event_loop.close().unwrap();
    other.close().unwrap();
    tell(&page, event_loop.run_forever().map(|()| "ran"));
    tell(&page, event_loop.close().map(|()| "None"));
}
