//! A task has the name it was given, then or later, and is the current one while it runs.

use bowerbird::{TaskRef, create_task, current_task, task, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn tell(page: Page) -> String {
    let task = current_task().unwrap();
    say!(page, "I am {}", task.name());
    task.set_name("renamed");
    yield_now().await;
    say!(page, "I am {}", current_task().unwrap().name());
    task.name().to_string()
}

fn number(task: &TaskRef) -> u64 {
    task.name().strip_prefix("Task-").unwrap().parse().unwrap()
}

async fn program(page: Page) {
    let task = task::Builder::new()
        .name("teller")
        .create_task(tell(page.clone()));
    let handle = task.handle();
    say!(page, "named {}", task.name());
    say!(page, "told {}", task.await.unwrap());
    say!(page, "still {}", handle.name());
    let (one, two) = (
        create_task(tell(page.clone())),
        create_task(tell(page.clone())),
    );
    let rise = number(&one.handle()) < number(&two.handle());
    say!(page, "numbers rise {}", truth(rise));
    one.cancel();
    two.cancel();
}
