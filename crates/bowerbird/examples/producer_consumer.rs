//! Producers and consumers around a queue, as every asyncio tutorial has them: the twin of
//! `producer_consumer.py`, which prints the same lines.
//!
//! Delays and values come from a generator that both languages compute alike. Who gets which item
//! when is up to the scheduler, here on all cores, so it is not told.

#![expect(clippy::print_stdout, reason = "an example speaks to its user")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::{Lock, Queue, TaskError};

const PRODUCERS: u32 = 3;
const CONSUMERS: u32 = 4;
const ITEMS_EACH: u32 = 6;

/// A producer's number, the item's number, and its value.
type Item = (u32, u32, u32);

/// What consumers have made of each item.
type Ledger = Arc<Lock<BTreeMap<Item, u32>>>;

/// Throws the same numbers in every language.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u32) -> u32 {
        self.0 = (self.0 * 1_103_515_245 + 12_345) % (1 << 31);
        u32::try_from((self.0 >> 16) % u64::from(sides)).expect("it is less than `sides`")
    }

    async fn dawdle(&mut self) {
        bowerbird::sleep(Duration::from_millis(self.throw(5).into())).await;
    }
}

async fn produce(producer: u32, queue: Queue<Item>) -> Vec<u32> {
    let mut dice = Dice(producer.into());
    let mut values = Vec::new();
    for number in 0..ITEMS_EACH {
        dice.dawdle().await;
        let value = dice.throw(1_000);
        queue
            .put((producer, number, value))
            .await
            .expect("nobody shuts the queue down");
        values.push(value);
    }
    values
}

async fn consume(consumer: u32, queue: Queue<Item>, ledger: Ledger) {
    let mut dice = Dice((100 + consumer).into());
    while let Ok(item) = queue.get().await {
        dice.dawdle().await;
        let (_, _, value) = item;
        ledger.lock().await.insert(item, value * value);
        queue.task_done().expect("an item was taken just now");
    }
}

/// The program; `say` prints a line.
pub(crate) async fn program(mut say: impl FnMut(String)) {
    let queue = Queue::new(2);
    let ledger = Ledger::default();
    let consumers: Vec<_> = (0..CONSUMERS)
        .map(|number| bowerbird::create_task(consume(number, queue.clone(), ledger.clone())))
        .collect();
    let producers = (0..PRODUCERS).map(|number| produce(number, queue.clone()));
    let made = bowerbird::gather(producers)
        .await
        .expect("producers neither panic nor are cancelled");
    for (number, values) in made.iter().enumerate() {
        say(format!("producer {number} made {values:?}"));
    }

    queue.join().await;
    let (left, empty) = (queue.qsize(), queue.is_empty());
    say(format!("all is done: {left} left, empty: {empty}"));
    for ((producer, number, value), square) in ledger.lock().await.iter() {
        say(format!(
            "item {producer}.{number}: {value} squared is {square}"
        ));
    }

    for consumer in &consumers {
        consumer.cancel();
    }
    let ended = bowerbird::gather(consumers).return_exceptions().await;
    for (number, end) in ended.iter().enumerate() {
        let was_cancelled = matches!(end, Err(TaskError::Cancelled));
        say(format!("consumer {number} was cancelled: {was_cancelled}"));
    }
    say(format!(
        "full: {}, maxsize: {}",
        queue.is_full(),
        queue.maxsize()
    ));
}

#[bowerbird::main]
async fn main() {
    program(|line| println!("{line}")).await;
}
