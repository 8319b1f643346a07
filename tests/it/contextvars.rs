//! asyncio's `contextvars`: what a task sees of what others set, wherever it runs.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};

use bowerbird::contextvars::ResetProblem;
use bowerbird::{
    Context, ContextVar, EventLoop, Promise, copy_context, create_local_task, create_task, gather,
    task, to_thread, yield_now,
};

use crate::bell::Bell;
use crate::loops::{inside_each, inside_each_pool};

static NUMBER: ContextVar<usize> = ContextVar::new("number");

/// Sets for good.
fn set(number: usize) {
    let _token = NUMBER.set(number);
}

#[test]
fn a_task_copies_its_creators_context_at_its_creation() {
    inside_each(async || {
        set(1);
        let bell = Bell::default();
        let wait = bell.clone();
        let child = create_task(async move {
            wait.rung().await;
            let inherited = NUMBER.get();
            set(3);
            yield_now().await;
            (inherited, NUMBER.get())
        });
        let local = create_local_task(async { NUMBER.get() });
        set(2);
        bell.ring();
        assert_eq!(child.await.unwrap(), (Some(1), Some(3)));
        assert_eq!(local.await.unwrap(), Some(1));
        assert_eq!(NUMBER.get(), Some(2));
    });
}

#[test]
fn what_a_task_sets_follows_it_and_reaches_nobody_else() {
    inside_each(async || {
        let each = (0..200).map(|number| async move {
            assert_eq!(NUMBER.get(), None, "another task's value");
            set(number);
            for _ in 0..20 {
                yield_now().await;
                assert_eq!(NUMBER.get(), Some(number));
            }
        });
        gather(each).await.unwrap();
        assert_eq!(NUMBER.get(), None);
    });
}

#[test]
fn a_blocking_call_sees_a_copy() {
    inside_each(async || {
        set(1);
        let call = to_thread(|| {
            let inherited = NUMBER.get();
            set(2);
            inherited
        });
        assert_eq!(call.await.unwrap(), Some(1));
        assert_eq!(NUMBER.get(), Some(1));
        // Nothing stays behind on the thread either.
        let clean = Context::new().run(|| to_thread(|| NUMBER.get()));
        assert_eq!(clean.await.unwrap(), None);
    });
}

#[test]
fn done_callbacks_see_a_copy_of_the_context_of_whoever_added_them() {
    inside_each(async || {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let add = |line: usize| {
            let seen = seen.clone();
            move || {
                seen.lock().unwrap().push((line, NUMBER.get()));
                set(100 + line);
            }
        };
        let promise = Promise::new();
        let child = create_task(promise.clone().into_future());
        set(1);
        let (one, two) = (add(1), add(2));
        promise.add_done_callback(move |_| one());
        promise.add_done_callback(move |_| two());
        set(3);
        let three = add(3);
        child.add_done_callback(move |_| three());
        set(4);
        promise.set_result(()).unwrap();
        while seen.lock().unwrap().len() < 3 {
            yield_now().await;
        }
        let mut seen = seen.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, [(1, Some(1)), (2, Some(1)), (3, Some(3))]);
        assert_eq!(NUMBER.get(), Some(4));
    });
}

#[test]
fn tasks_that_are_given_a_context_run_in_that_very_one() {
    inside_each(async || {
        let context = Context::new();
        let add = || {
            let inside = context.clone();
            task::Builder::new()
                .context(context.clone())
                .create_task(async move {
                    assert_eq!(inside.get(&NUMBER), NUMBER.get());
                    set(NUMBER.get_or(0) + 1);
                })
        };
        for _ in 0..3 {
            add().await.unwrap();
        }
        assert_eq!(context.get(&NUMBER), Some(3));
        assert_eq!(NUMBER.get(), None);
        assert_eq!(add().handle().context(), context);
    });
}

#[test]
fn two_tasks_in_one_context_do_not_hold_each_other_up() {
    inside_each_pool(async || {
        let context = Context::new();
        let (here, there) = (Bell::default(), Bell::default());
        // Each stays in its poll until the other one has set and seen.
        let meet = |mine: &Bell, other: &Bell| {
            let (mine, other) = (mine.clone(), other.clone());
            task::Builder::new()
                .context(context.clone())
                .create_task(async move {
                    set(1);
                    mine.ring();
                    other.block_until_rung();
                    NUMBER.get()
                })
        };
        let both = [meet(&here, &there), meet(&there, &here)];
        assert_eq!(gather(both).await.unwrap(), [Some(1), Some(1)]);
    });
}

#[test]
fn a_run_is_apart_even_from_the_tasks_it_makes() {
    inside_each(async || {
        set(1);
        let context = copy_context();
        let child = context.run(|| {
            set(2);
            create_task(async { NUMBER.get() })
        });
        assert_eq!(child.await.unwrap(), Some(2));
        assert_eq!((NUMBER.get(), context.get(&NUMBER)), (Some(1), Some(2)));
    });
}

#[test]
fn a_token_leads_back_across_awaits_and_fits_its_own_context_only() {
    inside_each(async || {
        let token = NUMBER.set(1);
        yield_now().await;
        let stray = create_task(async move { NUMBER.reset(token) });
        let error = stray.await.unwrap().unwrap_err();
        assert_eq!(error.problem(), ResetProblem::OtherContext);
        NUMBER.reset(error.into_token()).unwrap();
        assert_eq!(NUMBER.get(), None);
    });
}

#[test]
fn a_run_of_a_loop_sees_its_callers_variables_and_leaves_them_alone() {
    Context::new().run(|| {
        set(1);
        let event_loop = EventLoop::new_current_thread().unwrap();
        let inside = async {
            let inherited = NUMBER.get();
            set(2);
            yield_now().await;
            (inherited, NUMBER.get())
        };
        let seen = event_loop.run_until_complete(inside).unwrap();
        assert_eq!(seen, (Some(1), Some(2)));
        assert_eq!(NUMBER.get(), Some(1));
    });
}
