//! Items go to who has waited longest; a cancelled getter loses none.

use bowerbird::{Queue, create_task, wait, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn get(page: Page, queue: Queue<u32>, name: char) {
    let item = queue.get().await.unwrap();
    say!(page, "{name} got {item}");
}

async fn program(page: Page) {
    let queue = Queue::new(0);
    let mut tasks = ['a', 'b', 'c'].map(|name| create_task(get(page.clone(), queue.clone(), name)));
    yield_now().await;
    for number in [1, 2] {
        queue.put_nowait(number).unwrap();
    }
    tasks[0].cancel();
    wait(&mut tasks).await;
    say!(page, "left {}", queue.qsize());
}
