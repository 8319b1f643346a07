//! A queue that is shut down takes nothing, gives what it has, and then says so; at once, it
//! drops all.

use bowerbird::{GetNowaitError, Queue};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let queue = Queue::new(0);
    queue.put_nowait("kept").unwrap();
    queue.shutdown(false);
    if queue.put("refused").await.is_err() {
        say!(page, "nothing goes in");
    }
    say!(page, "got {}", queue.get().await.unwrap());
    if queue.get().await.is_err() {
        say!(page, "nothing comes out");
    }
    let queue = Queue::new(0);
    queue.put_nowait("dropped").unwrap();
    queue.shutdown(true);
    queue.join().await;
    say!(page, "size {}", queue.qsize());
    if let Err(GetNowaitError::ShutDown(_)) = queue.get_nowait() {
        say!(page, "shut down");
    }
}
