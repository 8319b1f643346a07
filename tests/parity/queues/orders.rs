//! First in first out, last in first out, lowest first.

use bowerbird::{LifoQueue, PriorityQueue, Queue};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

const ITEMS: [(u32, char); 3] = [(2, 'b'), (3, 'c'), (1, 'a')];

async fn program(page: Page) {
    let (first, last, lowest) = (Queue::new(0), LifoQueue::new(0), PriorityQueue::new(0));
    for item in ITEMS {
        first.put_nowait(item).unwrap();
        last.put_nowait(item).unwrap();
        // Lowest first here too, so that no `Reverse` is needed.
        lowest.put_nowait(item).unwrap();
    }
    let mut lines = [const { Vec::new() }; 3];
    for _ in ITEMS {
        let items = [first.get().await, last.get().await, lowest.get().await];
        for (line, item) in lines.iter_mut().zip(items) {
            line.push(item.unwrap().1.to_string());
        }
    }
    for line in lines {
        say!(page, "{}", line.join(" "));
    }
}
