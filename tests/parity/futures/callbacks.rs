//! Callbacks of a future run in order, later, one by one; also those added when it is done.

use bowerbird::{Promise, get_running_loop, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let promise = get_running_loop().unwrap().create_future();
    for name in ["a", "b"] {
        let page = page.clone();
        promise.add_done_callback(move |promise: &Promise<u32>| {
            say!(page, "{name} sees {}", promise.result().unwrap());
        });
    }
    promise.set_result(1).unwrap();
    say!(page, "set");
    let late = page.clone();
    promise.add_done_callback(move |_| say!(late, "late"));
    say!(page, "added");
    yield_now().await;
    say!(page, "end");
}
