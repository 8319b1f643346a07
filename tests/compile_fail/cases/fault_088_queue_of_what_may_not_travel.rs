//! A queue is as good at travelling as what is in it, and an `Rc` stays on its thread.

use std::rc::Rc;

fn main() {
    bowerbird::run(async {
        let queue = bowerbird::Queue::new(1);
        let items = queue.clone();
        let task = bowerbird::create_task(async move { items.put(Rc::new(1)).await.is_ok() });
        task.await.unwrap();
        drop(queue);
    });
}
