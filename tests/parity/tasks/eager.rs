//! An eager task runs inside the call up to its first wait, and may be over when the call is.

use bowerbird::{current_task, task, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn quick(page: Page) -> u32 {
    say!(page, "quick runs as {}", current_task().unwrap().name());
    1
}

async fn slow(page: Page) -> u32 {
    say!(page, "slow begins");
    yield_now().await;
    say!(page, "slow ends");
    2
}

async fn program(page: Page) {
    current_task().unwrap().set_name("main");
    let eager = || task::Builder::new().eager(true);
    let first = eager().name("first").create_task(quick(page.clone()));
    say!(page, "made, done {}", truth(first.is_done()));
    say!(page, "back in {}", current_task().unwrap().name());
    let second = eager().create_task(slow(page.clone()));
    say!(page, "made, done {}", truth(second.is_done()));
    say!(page, "{} {}", first.await.unwrap(), second.await.unwrap());
}
