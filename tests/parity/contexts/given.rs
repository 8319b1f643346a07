//! Tasks that are given one context share what they set.

use bowerbird::{ContextVar, copy_context, create_task, task};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

static SEEN: ContextVar<&str> = ContextVar::new("seen");

async fn work(page: Page, name: &'static str) {
    say!(page, "{name} sees {}", SEEN.get_or("nothing"));
    SEEN.set(name);
}

async fn program(page: Page) {
    let context = copy_context();
    for name in ["one", "two"] {
        let shared = task::Builder::new().context(context.clone());
        shared.create_task(work(page.clone(), name)).await.unwrap();
    }
    create_task(work(page.clone(), "apart")).await.unwrap();
}
