//! A task that a task makes runs after those that are in line already.

use bowerbird::{create_task, gather};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn leaf(page: Page, name: String) {
    say!(page, "leaf {name}");
}

async fn branch(page: Page, name: &str) {
    say!(page, "branch {name}");
    let leaves = [1, 2].map(|number| leaf(page.clone(), format!("{name}{number}")));
    gather(leaves).await.unwrap();
    say!(page, "branch {name} ends");
}

async fn program(page: Page) {
    let a = create_task(branch(page.clone(), "a"));
    let b = create_task(branch(page.clone(), "b"));
    let c = create_task(leaf(page, "c".to_owned()));
    gather([a, b, c]).await.unwrap();
}
