//! Who cancels the task that waits for a group cancels the children; all end before it does.

use std::future::pending;
use std::time::Duration;

use bowerbird::{TaskGroup, create_task, finally, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const SHORT: Duration = Duration::from_millis(50);

async fn child(page: Page, name: char, pause: Duration) {
    let cleanup = async {
        sleep(pause).await;
        say!(page, "end of {name}");
    };
    finally(pending::<()>(), cleanup).await;
}

async fn program(page: Page) {
    let pages = page.clone();
    let task = create_task(TaskGroup::<String>::scope(async move |group| {
        for (name, pause) in [('a', SHORT), ('b', 2 * SHORT)] {
            group.create_task(child(pages.clone(), name, pause));
        }
        Ok(())
    }));
    sleep(SHORT).await;
    task.cancel();
    if task.await.unwrap_err().is_cancelled() {
        say!(page, "cancelled");
    }
}
