//! The second text's main example: producers put into a queue, consumers take out until all is
//! done.

use std::time::Duration;

use bowerbird::{Queue, TaskError, create_task, gather, sleep};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

type Item = (u32, u32);

async fn produce(page: Page, name: u32, queue: Queue<Item>) {
    for number in 0..2 {
        sleep(Duration::from_millis(20) * (name + 1)).await;
        queue.put((name, number)).await.unwrap();
        say!(page, "producer {name} added <{number}>");
    }
}

async fn consume(page: Page, name: u32, queue: Queue<Item>) {
    while let Ok((producer, number)) = queue.get().await {
        say!(page, "consumer {name} got {producer}.{number}");
        queue.task_done().unwrap();
    }
}

async fn program(page: Page) {
    let queue = Queue::new(0);
    let producing = (0..1).map(|name| produce(page.clone(), name, queue.clone()));
    let producing: Vec<_> = producing.map(create_task).collect();
    let consuming = (0..3).map(|name| consume(page.clone(), name, queue.clone()));
    let consuming: Vec<_> = consuming.map(create_task).collect();
    gather(producing).await.unwrap();
    queue.join().await;
    for consumer in &consuming {
        consumer.cancel();
    }
    let ended = gather(consuming).return_exceptions().await;
    let is_cancelled = |end: &&Result<(), TaskError>| matches!(end, Err(TaskError::Cancelled));
    say!(
        page,
        "cancelled: {}",
        ended.iter().filter(is_cancelled).count()
    );
}
