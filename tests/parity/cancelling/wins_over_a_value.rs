//! A request that comes after the awaited value and before the next step wins: the value is lost.

use bowerbird::{Promise, create_task, wait, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let promise = Promise::new();
    let (awaited, taker) = (promise.clone(), page.clone());
    let mut task = create_task(async move { say!(taker, "never {}", awaited.await.unwrap()) });
    yield_now().await;
    promise.set_result("value").unwrap();
    task.cancel();
    wait([&mut task]).await;
    say!(page, "cancelled {}", truth(task.is_cancelled()));
    say!(page, "the future keeps its {}", promise.result().unwrap());
}
