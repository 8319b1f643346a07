//! `run` makes a loop, gives the main future's result or failure, and refuses to be nested.

use bowerbird::{get_running_loop, run, yield_now};

use crate::page::{Page, panic_of, truth};
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn answer(fails: bool) -> u32 {
    yield_now().await;
    assert!(!fails, "broken");
    42
}

fn program(page: Page) {
    say!(page, "{}", run(answer(false)));
    say!(page, "{}", panic_of(|| run(answer(true))));
    run(async {
        let refused = panic_of(|| run(answer(false)));
        let words = "cannot be called from a running event loop";
        say!(page, "{}", truth(refused.contains(words)));
    });
    if get_running_loop().is_err() {
        say!(page, "no loop is left");
    }
}
