//! A failure that nobody will ever see is told to the loop's handler, once.

use std::time::Duration;

use bowerbird::{Report, TaskError, create_task, gather, get_running_loop, sleep};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn fail() {
    panic!("broken");
}

async fn program(page: Page) {
    let told = page.clone();
    let handler = move |report: &Report| {
        let panic = report.panic.as_ref().unwrap().message().unwrap();
        say!(told, "{} - {panic}", report.message);
    };
    get_running_loop()
        .unwrap()
        .set_exception_handler(Some(handler));
    let task = create_task(fail());
    sleep(Duration::from_millis(10)).await;
    say!(page, "done {}", truth(task.is_done()));
    drop(task);
    sleep(Duration::from_millis(10)).await;
    for result in gather([create_task(fail())]).return_exceptions().await {
        if let Err(TaskError::Panicked(panic)) = result {
            say!(page, "seen {}", panic.message().unwrap());
        }
    }
}
