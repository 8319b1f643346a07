//! A push from outside against a closing loop: somebody drops what was pushed.
//!
//! The steps are those of `Shared::inject` and of `Remains::close`, whose queue and phase are not
//! built under loom; the fence of the pushing side is the real one, in `work_added`.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::thread;

use crate::sleep::{Call, Sleep};

#[test]
fn what_is_pushed_while_the_loop_closes_is_dropped_by_one_of_both() {
    loom::model(|| {
        let sleep = Arc::new(Sleep::new(1, 0, 1));
        let queue = Arc::new(AtomicUsize::new(0));
        let closed = Arc::new(AtomicUsize::new(0));
        let pushing = thread::spawn({
            let (sleep, queue, closed) = (sleep.clone(), queue.clone(), closed.clone());
            move || {
                queue.store(1, Ordering::Release);
                assert_eq!(sleep.work_added(), Call::Nobody);
                if closed.load(Ordering::Acquire) == 1 {
                    queue.swap(0, Ordering::Acquire);
                }
            }
        });
        closed.store(1, Ordering::Release);
        fence(Ordering::SeqCst);
        if queue.load(Ordering::Acquire) == 1 {
            queue.swap(0, Ordering::Acquire);
        }
        pushing.join().unwrap();
        assert_eq!(queue.load(Ordering::Relaxed), 0, "a task is left behind");
    });
}
