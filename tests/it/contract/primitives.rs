//! locks, queues, threads, contextvars.

use bowerbird::queues::{GetNowaitError, PutNowaitError};
use bowerbird::{
    Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Context, ContextVar, Event,
    LifoQueue, Lock, LockGuard, PriorityQueue, Queue, QueueEmpty, QueueFull, QueueShutDown, RwLock,
    Semaphore, SemaphorePermit, Task, Token, ValueError, block_in_place, copy_context, create_task,
    to_thread,
};

use super::is_send;
use crate::loops::inside_each;

#[test]
fn a_lock_guards_a_value() {
    inside_each(async || {
        let lock: Lock<i32> = Lock::new(1);
        let mut guard: LockGuard<'_, i32> = is_send(lock.acquire()).await;
        *guard += 1;
        assert!(lock.is_locked() && lock.try_acquire().is_none());
        drop(guard);
        assert_eq!(lock.into_inner(), 2);
        let shared = RwLock::new(3);
        let one = shared.read().await;
        assert_eq!(*one + *shared.try_read().unwrap(), 6);
        drop(one);
        *shared.write().await = 4;
        assert_eq!(*shared.try_write().unwrap(), 4);
    });
}

#[test]
fn events_and_conditions_wake_those_who_wait() {
    inside_each(async || {
        let event = Event::new();
        assert!(!event.is_set());
        event.set();
        event.wait().await;
        event.clear();
        assert!(!event.is_set());
        let shared = std::sync::Arc::new((Lock::new(false), Condition::new()));
        let other = shared.clone();
        let waiter = create_task(async move {
            let (lock, condition) = &*other;
            let guard = lock.acquire().await;
            let guard = condition.wait_for(guard, |is_ready| *is_ready).await;
            *guard
        });
        *shared.0.acquire().await = true;
        shared.1.notify(1);
        shared.1.notify_all();
        assert!(waiter.await.unwrap());
    });
}

#[test]
fn semaphores_and_barriers_count() {
    inside_each(async || {
        let semaphore = Semaphore::new(1);
        let permit: SemaphorePermit<'_> = semaphore.acquire().await;
        assert!(semaphore.is_locked() && semaphore.try_acquire().is_none());
        drop(permit);
        semaphore.release();
        assert!(!semaphore.is_locked());
        let bounded = BoundedSemaphore::new(1);
        let error: ValueError = bounded.release().unwrap_err();
        assert!(!error.to_string().is_empty());
        bounded.acquire().await.forget();
        bounded.release().unwrap();
        assert!(Barrier::new(0).is_err());
        let barrier = Barrier::new(2).unwrap();
        let (one, two) = futures_lite::future::zip(barrier.wait(), barrier.wait()).await;
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!((barrier.parties(), barrier.n_waiting()), (2, 0));
        barrier.abort();
        let broken: Result<usize, BrokenBarrierError> = barrier.wait().await;
        assert!(broken.is_err() && barrier.is_broken());
        barrier.reset();
        assert!(!barrier.is_broken());
    });
}

/// What the three kinds have in common, and what comes out first.
macro_rules! queue {
    ($Queue:ident, $name:ident, $first:literal) => {
        #[test]
        fn $name() {
            inside_each(async || {
                let queue: $Queue<i32> = $Queue::new(2);
                let other: $Queue<i32> = queue.clone();
                let put: Result<(), QueueShutDown> = is_send(queue.put(2)).await;
                put.unwrap();
                other.put_nowait(1).unwrap();
                let full = queue.put_nowait(3).unwrap_err();
                assert!(matches!(full, PutNowaitError::Full(QueueFull(3))));
                assert_eq!((queue.qsize(), queue.maxsize()), (2, 2));
                assert!(queue.is_full() && !queue.is_empty());
                let first: Result<i32, QueueShutDown> = queue.get().await;
                assert_eq!(first.unwrap(), $first);
                queue.get_nowait().unwrap();
                let empty = queue.get_nowait().unwrap_err();
                assert!(matches!(empty, GetNowaitError::Empty(QueueEmpty)));
                let done: Result<(), ValueError> = queue.task_done();
                done.unwrap();
                queue.task_done().unwrap();
                queue.join().await;
                assert!(queue.task_done().is_err(), "too many");
                queue.shutdown(false);
                assert!(queue.put(1).await.is_err() && queue.get().await.is_err());
                $Queue::<i32>::new(0).shutdown(true);
            });
        }
    };
}

queue!(Queue, a_queue_gives_the_oldest_first, 2);

queue!(LifoQueue, a_stack_gives_the_newest_first, 1);

queue!(PriorityQueue, a_priority_queue_gives_the_least_first, 1);

static NAME: ContextVar<&str> = ContextVar::new("name");

#[test]
fn variables_follow_tasks_and_calls() {
    inside_each(async || {
        assert_eq!(NAME.get(), None);
        assert_eq!(NAME.get_or("default"), "default");
        let token: Token<&str> = NAME.set("here");
        let child = create_task(async {
            let seen = NAME.get();
            NAME.set("child");
            seen
        });
        assert_eq!(child.await.unwrap(), Some("here"));
        let call: Task<Option<&str>> = to_thread(|| NAME.get());
        assert_eq!(call.await.unwrap(), Some("here"));
        let context: Context = copy_context();
        assert_eq!(context.run(|| NAME.get()), Some("here"));
        assert!(NAME.reset(token).is_ok());
        assert_eq!(NAME.get(), None);
        assert_eq!(context.get(&NAME), Some("here"));
    });
}

#[test]
fn a_worker_may_block_in_place() {
    inside_each(async || {
        let text = String::from("borrowed");
        assert_eq!(block_in_place(|| text.len()), 8);
    });
}
