//! Who does not wait is told that a queue is full, or empty.

use bowerbird::{GetNowaitError, PutNowaitError, Queue};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let queue = Queue::new(1);
    if let Err(GetNowaitError::Empty(_)) = queue.get_nowait() {
        say!(page, "empty");
    }
    queue.put_nowait(1).unwrap();
    if let Err(PutNowaitError::Full(_)) = queue.put_nowait(2) {
        say!(page, "full");
    }
    say!(page, "got {}", queue.get_nowait().unwrap());
}
