//! The first text's third program: a callback sees the result before the run ends.
//!
//! A task's result goes to its awaiter alone, so what callbacks look at as well is a promise.

use std::time::Duration;

use bowerbird::{EventLoop, Promise};

use crate::page::Page;
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn sleep(page: Page, x: Duration) -> String {
    for i in 0..3 {
        say!(page, "sleep - {i}");
        bowerbird::sleep(x).await;
    }
    format!("result = {}", 1000)
}

fn program(page: Page) {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let promise = event_loop.create_future();
    let (promised, sleeping) = (
        promise.clone(),
        sleep(page.clone(), Duration::from_millis(10)),
    );
    let task = async move { promised.set_result(sleeping.await).unwrap() };
    event_loop.create_task(task).detach();
    let told = page.clone();
    promise.add_done_callback(move |future: &Promise<String>| {
        say!(told, "in callback");
        say!(told, "{}", future.result().unwrap());
    });
    event_loop.run_until_complete(&promise).unwrap().unwrap();
    say!(page, "{}", "=".repeat(50));
    event_loop.close().unwrap();
    say!(page, "{}", promise.result().unwrap());
    say!(page, "+++++++++++++end++++++++++++");
}
