//! `all_tasks` knows the unfinished ones, its caller among them.

use std::collections::BTreeSet;
use std::future::pending;

use bowerbird::{TaskRef, all_tasks, current_task, task, wait};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

fn names(tasks: &[TaskRef]) -> String {
    let names: BTreeSet<String> = tasks.iter().map(|task| task.name().to_string()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

async fn program(page: Page) {
    current_task().unwrap().set_name("main");
    let named = |name| task::Builder::new().name(name).create_task(pending::<()>());
    let [_a, b] = ["a", "b"].map(named);
    say!(page, "{}", names(&all_tasks()));
    b.cancel();
    wait([b]).await;
    say!(page, "{}", names(&all_tasks()));
}
