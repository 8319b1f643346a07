//! A blocking call runs on another thread, and its result comes back from there.

use std::rc::Rc;

fn main() {
    bowerbird::run(async {
        let shared = Rc::new(1);
        bowerbird::to_thread(move || *shared).await.unwrap();
        bowerbird::to_thread(|| Rc::new(2)).await.unwrap();
    });
}
