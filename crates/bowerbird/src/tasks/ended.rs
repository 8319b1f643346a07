//! Waiting for tasks to end without asking for their results.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};

use super::TaskRef;

/// Waits until all of them have ended, in whichever way.
pub(crate) async fn ended(tasks: &[TaskRef]) {
    let count = Arc::new(Mutex::new(Count {
        left: tasks.len(),
        waker: None,
    }));
    for task in tasks {
        let count = count.clone();
        task.add_done_callback(move |_| one_ended(&count));
    }
    poll_fn(|cx| {
        let mut count = lock(&count);
        if count.left == 0 {
            return Poll::Ready(());
        }
        let before = count.waker.replace(cx.waker().clone());
        drop(count);
        drop(before);
        Poll::Pending
    })
    .await;
}

/// What the callbacks count down.
struct Count {
    /// Tasks that have not ended.
    left: usize,
    /// Who waits for the last one.
    waker: Option<Waker>,
}

fn one_ended(count: &Mutex<Count>) {
    let mut count = lock(count);
    count.left -= 1;
    let waker = if count.left == 0 {
        count.waker.take()
    } else {
        None
    };
    drop(count);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock(count: &Mutex<Count>) -> MutexGuard<'_, Count> {
    count.lock().expect("nothing under this lock can panic")
}
