//! Promises about the memory of cells, on blocks and on tasks.

use std::future::{pending, ready};
use std::thread;

use super::*;
use crate::error::Panic;
use crate::{Birth, Callback, Runnable, Schedule, Task, TaskRef, create};

/// A scheduler for tasks that are run by hand.
struct ByHand;

impl Schedule for ByHand {
    fn schedule(&self, runnable: Runnable) {
        drop(runnable);
    }

    fn retire(&self, _slot: u64) -> Option<TaskRef> {
        None
    }

    fn call_soon(&self, callback: Callback) {
        drop(callback);
    }

    fn panic_unseen(&self, _task: &TaskRef, _panic: Panic) {}
}

/// A task, and the right to poll it.
fn made<F>(future: F) -> (Runnable, Task<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (runnable, task, _) = create(future, ByHand, Birth::default());
    (runnable, task)
}

/// What a task gives that is ready at once.
fn run<T: Send + 'static>(value: T) -> T {
    let (runnable, mut task) = made(ready(value));
    assert!(runnable.run().is_none());
    let result = task.try_result().expect("it has been polled to its end");
    result.expect("it neither panicked nor was cancelled")
}

/// Bytes that this thread has on its shelf.
fn kept() -> usize {
    SHELF.with(|shelf| {
        let bytes = |size: usize| {
            let mut count = 0;
            let mut at = shelf.heads[size].get();
            while let Some(spare) = NonNull::new(at) {
                count += 1;
                // SAFETY: whatever is on the shelf was written by `put`.
                at = unsafe { spare.as_ref() }.next;
            }
            count * layout(size).size()
        };
        (0..SIZES).map(bytes).sum()
    })
}

/// A future of this alignment.
#[repr(align(64))]
struct Wide(u8);

#[test]
fn every_block_is_large_enough_and_no_size_is_off_by_a_step() {
    for bytes in 0..2_000 {
        let wanted = Layout::from_size_align(bytes, 8).unwrap();
        match size_of_block(wanted) {
            Some(size) => {
                let block = layout(size).size();
                assert!(block >= bytes && (block < bytes + STEP || block == SMALLEST));
            }
            None => assert!(bytes > layout(SIZES - 1).size()),
        }
    }
    assert_eq!(size_of_block(Layout::new::<Wide>()), None, "it is aligned");
}

#[test]
fn a_thread_that_was_not_asked_to_keeps_nothing() {
    assert_eq!(run(3), 3);
    drop(made(pending::<()>()));
    assert_eq!(kept(), 0);
}

#[test]
#[cfg(not(bowerbird_plain_blocks))]
fn the_memory_of_a_task_that_has_ended_is_the_next_ones() {
    let _keeps = keep_blocks();
    let first = allocate([1_u64; 10]);
    // SAFETY: it came from `allocate` in the line above.
    unsafe { free(first) };
    assert_eq!(kept(), 80);
    let second = allocate([2_u64; 10]);
    assert_eq!(first.addr(), second.addr());
    assert_eq!(kept(), 0);
    // SAFETY: it came from `allocate`, and nobody has freed it.
    assert_eq!(unsafe { second.read() }, [2; 10]);
    // SAFETY: as above.
    unsafe { free(second) };
}

#[test]
fn a_thread_keeps_no_more_than_it_has_room_for_and_gives_all_back() {
    let keeps = keep_blocks();
    let count = ROOM / 88 + 10;
    let blocks: Vec<_> = (0..count).map(|_| allocate([0_u64; 11])).collect();
    for block in blocks {
        // SAFETY: it came from `allocate`, once.
        unsafe { free(block) };
    }
    assert_eq!(kept(), ROOM / 88 * 88);
    drop(keeps);
    assert_eq!(kept(), 0);
}

#[test]
fn of_two_that_keep_the_first_one_counts() {
    let first = keep_blocks();
    let second = keep_blocks();
    // SAFETY: it came from `allocate`.
    unsafe { free(allocate([0_u64; 10])) };
    let before = kept();
    drop(second);
    assert_eq!(kept(), before, "the first one still keeps them");
    drop(first);
    assert_eq!(kept(), 0);
}

#[test]
fn a_task_that_ends_on_another_thread_leaves_its_memory_there() {
    let _keeps = keep_blocks();
    let (runnable, task) = made(ready([7_u8; 32]));
    let there = thread::spawn(move || {
        let _keeps = keep_blocks();
        assert!(runnable.run().is_none());
        drop(task);
        kept()
    });
    assert_eq!(there.join().unwrap() > 0, ROOM > 0);
    assert_eq!(kept(), 0);
}

#[test]
fn tasks_that_are_large_or_aligned_are_tasks_like_others() {
    let _keeps = keep_blocks();
    assert_eq!(run([5_u8; 5_000]), [5; 5_000]);
    assert_eq!(run(Wide(6)).0, 6);
    assert_eq!(kept(), 0);
}

#[test]
fn many_tasks_of_many_sizes_end_where_others_began() {
    let _keeps = keep_blocks();
    for round in 0..if cfg!(miri) { 2 } else { 20_u8 } {
        let small: Vec<_> = (0..50).map(|_| made(ready(round))).collect();
        let more: Vec<_> = (0..50).map(|_| made(ready([round; 100]))).collect();
        for (runnable, mut task) in small {
            assert!(runnable.run().is_none());
            assert_eq!(task.try_result().unwrap().unwrap(), round);
        }
        for (runnable, mut task) in more {
            assert!(runnable.run().is_none());
            assert_eq!(task.try_result().unwrap().unwrap(), [round; 100]);
        }
    }
}
