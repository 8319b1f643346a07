//! A task may run on any worker, so what it keeps across an await must be `Send`.

use std::rc::Rc;

fn main() {
    bowerbird::run(async {
        let task = bowerbird::create_task(async {
            let shared = Rc::new(1);
            bowerbird::yield_now().await;
            drop(shared);
        });
        task.await.unwrap();
    });
}
