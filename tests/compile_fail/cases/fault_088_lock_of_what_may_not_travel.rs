//! A lock gives its value to one task at a time, each on another thread: `Rc` must stay out.

use std::rc::Rc;
use std::sync::Arc;

fn main() {
    bowerbird::run(async {
        let shared = Arc::new(bowerbird::Lock::new(Rc::new(1)));
        let task = bowerbird::create_task(async move { **shared.lock().await });
        task.await.unwrap();
    });
}
