//! A callback that fails is told to the loop's handler; the other callbacks run all the same.

use bowerbird::{Report, create_task, get_running_loop, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let event_loop = get_running_loop().unwrap();
    let told = page.clone();
    event_loop.set_exception_handler(Some(move |report: &Report| {
        let is_it = report.to_string().contains("broken");
        say!(told, "told of {}", if is_it { "broken" } else { "nothing" });
    }));
    let task = create_task(yield_now());
    let (before, after) = (page.clone(), page.clone());
    task.add_done_callback(move |_| say!(before, "before"));
    task.add_done_callback(|_| panic!("broken"));
    task.add_done_callback(move |_| say!(after, "after"));
    task.await.unwrap();
    yield_now().await;
    say!(page, "goes on");
}
