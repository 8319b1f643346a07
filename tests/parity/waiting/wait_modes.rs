//! `wait` returns at the first end, at the first failure, or when all have ended, as it is told.

use std::time::Duration;

use bowerbird::{ReturnWhen, Task, TaskError, sleep, task, wait};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(millis: u64, fails: bool) {
    sleep(Duration::from_millis(millis)).await;
    assert!(!fails, "broken");
}

fn names(tasks: &[&mut Task<()>]) -> String {
    let mut names: Vec<_> = tasks.iter().map(|task| task.name()).collect();
    names.sort();
    names.join(" ")
}

async fn program(page: Page) {
    let works = [("quick", 0, false), ("bad", 30, true), ("slow", 300, false)];
    let mut tasks = works.map(|(name, millis, fails)| {
        task::Builder::new()
            .name(name)
            .create_task(work(millis, fails))
    });
    use ReturnWhen::{AllCompleted, FirstCompleted, FirstException};
    for mode in [FirstCompleted, FirstException, AllCompleted] {
        let (done, pending) = wait(&mut tasks).return_when(mode).await;
        say!(page, "done: {}; pending: {}", names(&done), names(&pending));
    }
    for mut task in tasks {
        let error = match task.try_result().unwrap() {
            Ok(()) => "None".to_owned(),
            Err(TaskError::Panicked(panic)) => panic.message().unwrap().to_owned(),
            Err(TaskError::Cancelled) => "cancelled".to_owned(),
        };
        say!(page, "{} {error}", task.name());
    }
}
