//! A full queue makes its putters wait, and lets them in in order.

use bowerbird::{Queue, create_task, gather, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn put(page: Page, queue: Queue<u32>, item: u32) {
    queue.put(item).await.unwrap();
    say!(page, "put {item}");
}

async fn program(page: Page) {
    let queue = Queue::new(1);
    let tasks = [0, 1, 2].map(|number| create_task(put(page.clone(), queue.clone(), number)));
    yield_now().await;
    let (size, maxsize) = (queue.qsize(), queue.maxsize());
    say!(
        page,
        "full {} size {size} of {maxsize}",
        truth(queue.is_full())
    );
    for _ in 0..3 {
        say!(page, "got {}", queue.get().await.unwrap());
        yield_now().await;
    }
    gather(tasks).await.unwrap();
    say!(page, "empty {}", truth(queue.is_empty()));
}
