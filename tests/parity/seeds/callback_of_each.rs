//! The first text's fifth and last programs: each task's callback gets its result as it ends.

use std::collections::BTreeSet;

use bowerbird::{EventLoop, Promise, wait, yield_now};

use crate::page::Page;
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn w() {
    yield_now().await;
}

async fn count(page: Page, name: &str) -> String {
    for x in 0..3 {
        say!(page, "{name}.x {x}");
        w().await;
    }
    format!("{name}.finished")
}

fn program(page: Page) {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let fs = ["a", "b"].map(|name| {
        let (future, counting) = (event_loop.create_future(), count(page.clone(), name));
        let told = page.clone();
        future.add_done_callback(move |future: &Promise<String>| {
            say!(told, "in call back ++++++++++ {}", future.result().unwrap());
        });
        event_loop.create_task(async move {
            let result = counting.await;
            future.set_result(result.clone()).unwrap();
            result
        })
    });
    let (done, pending) = event_loop.run_until_complete(wait(fs)).unwrap();
    event_loop.close().unwrap();
    let results = done
        .into_iter()
        .map(|mut task| task.try_result().unwrap().unwrap());
    let results: BTreeSet<_> = results.map(|result| format!("'{result}'")).collect();
    let results = results.into_iter().collect::<Vec<_>>().join(", ");
    assert!(pending.is_empty());
    say!(page, "[{results}] set()");
}
