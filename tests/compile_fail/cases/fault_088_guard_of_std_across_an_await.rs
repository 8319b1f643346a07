//! A guard of std's mutex belongs to the thread that took it, and a task may wake on another one.

use std::sync::{Arc, Mutex};

fn main() {
    bowerbird::run(async {
        let shared = Arc::new(Mutex::new(1));
        let task = bowerbird::create_task(async move {
            let guard = shared.lock().unwrap();
            bowerbird::yield_now().await;
            *guard
        });
        task.await.unwrap();
    });
}
