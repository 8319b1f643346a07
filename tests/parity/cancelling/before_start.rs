//! A task that is cancelled before it starts never starts.

use bowerbird::create_task;

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let never = page.clone();
    let mut task = create_task(async move { say!(never, "never") });
    say!(page, "cancel {}", truth(task.cancel()));
    if (&mut task).await.unwrap_err().is_cancelled() {
        say!(page, "cancelled {}", truth(task.is_cancelled()));
    }
    say!(page, "again {}", truth(task.cancel()));
}
