//! A failure is the awaiter's, and can be looked at as often as one likes.

use bowerbird::{TaskError, create_task, wait};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn fail() {
    panic!("broken");
}

fn message(error: &TaskError) -> &str {
    match error {
        TaskError::Panicked(panic) => panic.message().unwrap(),
        TaskError::Cancelled => "cancelled",
    }
}

async fn program(page: Page) {
    let task = create_task(fail());
    say!(page, "caught {}", message(&task.await.unwrap_err()));
    let mut task = create_task(fail());
    wait([&mut task]).await;
    say!(
        page,
        "done {} cancelled {}",
        truth(task.is_done()),
        truth(task.is_cancelled())
    );
    for _ in 0..2 {
        let result = task.peek_result().unwrap();
        say!(page, "exception {}", message(result.as_ref().unwrap_err()));
    }
    say!(page, "cancel {}", truth(task.cancel()));
    drop(task.try_result());
}
