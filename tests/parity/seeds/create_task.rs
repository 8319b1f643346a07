//! The second text on `run` and `create_task`: names, debug mode, and no task without a running
//! loop.

use bowerbird::{Runner, create_task, current_task, get_running_loop, task};

use crate::page::{Page, panic_of, truth};
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn work() -> String {
    current_task().unwrap().name().to_string()
}

async fn main(page: Page) -> &'static str {
    let debug = get_running_loop().unwrap().get_debug();
    say!(page, "debug {}", truth(debug));
    let task = task::Builder::new().name("worker").create_task(work());
    say!(page, "{}", task.await.unwrap());
    "main's result"
}

fn program(page: Page) {
    let mut runner = Runner::builder().debug(true).build().unwrap();
    say!(page, "{}", runner.run(main(page.clone())));
    runner.close();
    let message = panic_of(|| drop(create_task(work())));
    let (cause, _fix) = message.split_once(':').unwrap();
    say!(page, "RuntimeError: {cause}");
}
