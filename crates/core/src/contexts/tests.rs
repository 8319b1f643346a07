//! What context variables promise.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use super::*;

static NAME: ContextVar<String> = ContextVar::new("name");
static COUNT: ContextVar<u32> = ContextVar::new("count");

#[test]
fn a_variable_is_what_it_was_set_to_and_has_no_value_before() {
    Context::new().run(|| {
        assert_eq!(COUNT.get(), None);
        assert_eq!(COUNT.get_or(3), 3);
        let _token = COUNT.set(5);
        assert_eq!(
            (COUNT.get(), COUNT.get_or(3), NAME.get()),
            (Some(5), 5, None)
        );
        assert_eq!(COUNT.name(), "count");
    });
}

#[test]
fn reset_brings_back_what_was_there_even_nothing() {
    Context::new().run(|| {
        let first = COUNT.set(1);
        let second = COUNT.set(2);
        assert_eq!((first.old_value(), second.old_value()), (None, Some(1)));
        COUNT.reset(second).unwrap();
        assert_eq!(COUNT.get(), Some(1));
        COUNT.reset(first).unwrap();
        assert_eq!(COUNT.get(), None);
        assert!(
            copy_context().is_empty(),
            "an empty context is no allocation"
        );
    });
}

#[test]
fn a_token_of_another_variable_changes_nothing_and_comes_back() {
    static OTHER: ContextVar<u32> = ContextVar::new("count");
    Context::new().run(|| {
        let token = COUNT.set(1);
        let error = OTHER.reset(token).unwrap_err();
        assert_eq!(error.problem(), ResetProblem::OtherVar);
        assert_eq!(COUNT.get(), Some(1));
        COUNT.reset(error.into_token()).unwrap();
        assert_eq!(COUNT.get(), None);
    });
}

#[test]
fn a_token_of_another_context_changes_nothing() {
    let mut one = Context::new();
    let token = one.run(|| COUNT.set(1));
    let mut copy = one.clone();
    let error = copy.run(|| COUNT.reset(token)).unwrap_err();
    assert_eq!(error.problem(), ResetProblem::OtherContext);
    assert_eq!(copy.get(&COUNT), Some(1));
    one.run(|| COUNT.reset(error.into_token())).unwrap();
    assert_eq!(one.get(&COUNT), None);
}

#[test]
fn a_run_keeps_its_changes_to_itself_and_to_later_runs() {
    let _outer = COUNT.set(1);
    let mut context = copy_context();
    context.run(|| drop(COUNT.set(COUNT.get_or(0) + 1)));
    assert_eq!(COUNT.get(), Some(1));
    context.run(|| assert_eq!(COUNT.get(), Some(2)));
}

#[test]
fn a_panic_inside_a_run_brings_the_callers_context_back() {
    let _outer = COUNT.set(1);
    let mut context = Context::new();
    let run = || context.run(|| -> () { panic!("after {:?}", COUNT.set(2)) });
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    assert_eq!(COUNT.get(), Some(1));
    assert_eq!(context.get(&COUNT), Some(2));
}

fn entries(context: &mut Context) -> Option<Arc<[vars::Entry]>> {
    context.0.with(|vars| vars.entries.clone())
}

#[test]
fn a_copy_shares_the_values_until_one_changes() {
    let mut one = Context::new();
    one.run(|| drop(NAME.set("x".into())));
    let mut two = one.clone();
    assert!(Arc::ptr_eq(
        &entries(&mut one).unwrap(),
        &entries(&mut two).unwrap()
    ));
    two.run(|| drop(NAME.set("y".into())));
    assert_eq!(
        (one.get(&NAME).as_deref(), two.get(&NAME).as_deref()),
        (Some("x"), Some("y"))
    );
}

#[test]
fn a_context_travels_to_another_thread() {
    let mut context = Context::new();
    context.run(|| drop(NAME.set("far".into())));
    let seen = std::thread::spawn(move || (NAME.get(), context.run(|| NAME.get())));
    assert_eq!(seen.join().unwrap(), (None, Some("far".into())));
}

/// Reads a variable while it is cloned and dropped: panics if the context is borrowed then.
struct Curious;

impl Clone for Curious {
    fn clone(&self) -> Self {
        let _token = COUNT.set(COUNT.get_or(0) + 1);
        Self
    }
}

impl Drop for Curious {
    fn drop(&mut self) {
        let _token = COUNT.set(COUNT.get_or(0) + 1);
    }
}

#[test]
fn nothing_is_borrowed_while_a_value_is_cloned_or_dropped() {
    static VALUE: ContextVar<Curious> = ContextVar::new("value");
    Context::new().run(|| {
        drop(VALUE.set(Curious));
        drop(VALUE.get());
        drop(VALUE.set(Curious));
        let token = VALUE.set(Curious);
        VALUE.reset(token).unwrap();
        assert_eq!(COUNT.get(), Some(4));
    });
}

#[derive(Debug, Clone)]
enum Step {
    Set(usize, u32),
    Reset,
    Fork,
    Share,
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..5_usize, any::<u32>()).prop_map(|(var, value)| Step::Set(var, value)),
        2 => Just(Step::Reset),
        1 => Just(Step::Fork),
        1 => Just(Step::Share),
        1 => Just(Step::Leave),
    ]
}

/// What the variables must be.
type Model = HashMap<usize, u32>;

/// Walks the steps of one context up to its `Leave`, beside a map. Forks are walked inside.
fn walk(
    vars: &[ContextVar<u32>; 5],
    steps: &mut std::vec::IntoIter<Step>,
    model: &mut Model,
) -> Result<(), TestCaseError> {
    let mut tokens = Vec::new();
    while let Some(step) = steps.next() {
        match step {
            Step::Set(var, value) => {
                let token = vars[var].set(value);
                let before = model.insert(var, value);
                prop_assert_eq!(token.old_value(), before);
                tokens.push((var, before, token));
            }
            Step::Reset => {
                let Some((var, before, token)) = tokens.pop() else {
                    continue;
                };
                prop_assert!(vars[var].reset(token).is_ok());
                match before {
                    Some(value) => model.insert(var, value),
                    None => model.remove(&var),
                };
            }
            Step::Fork => {
                let mut inner = model.clone();
                copy_context().run(|| walk(vars, steps, &mut inner))?;
            }
            Step::Share => {
                let mut inner = model.clone();
                let shared = SharedContext::current();
                // Entered twice, and left twice: still one context.
                shared.run(|| shared.clone().run(|| walk(vars, steps, &mut inner)))?;
                prop_assert_eq!(shared.len(), inner.len());
            }
            Step::Leave => return Ok(()),
        }
        for (at, var) in vars.iter().enumerate() {
            prop_assert_eq!(var.get(), model.get(&at).copied());
        }
        prop_assert_eq!(copy_context().len(), model.len());
    }
    Ok(())
}

proptest! {
    /// Any mix of sets, resets and copies agrees with a plain map for each context.
    #[test]
    fn contexts_agree_with_maps(steps in prop::collection::vec(step(), 0..60)) {
        let vars: [ContextVar<u32>; 5] = std::array::from_fn(|_| ContextVar::new("v"));
        let mut steps = steps.into_iter();
        Context::new().run(|| walk(&vars, &mut steps, &mut Model::new()))?;
    }
}

#[test]
fn a_shared_context_is_one_for_all_its_handles_and_a_copy_is_another() {
    let shared = SharedContext::new();
    let other = shared.clone();
    shared.run(|| drop(COUNT.set(1)));
    assert_eq!((other.get(&COUNT), other.len()), (Some(1), 1));
    assert_eq!(shared, other);
    let copy = shared.copy();
    assert_ne!(shared, copy);
    copy.run(|| drop(COUNT.set(2)));
    assert_eq!((shared.get(&COUNT), copy.get(&COUNT)), (Some(1), Some(2)));
    assert_eq!(COUNT.get(), None);
}

#[test]
fn a_clone_of_a_shared_contexts_value_goes_its_own_way() {
    let shared = SharedContext::new();
    let mut value = Context::from(&shared);
    let mut clone = value.clone();
    clone.run(|| drop(COUNT.set(1)));
    assert!(shared.is_empty());
    value.run(|| drop(COUNT.set(2)));
    assert_eq!((shared.get(&COUNT), clone.get(&COUNT)), (Some(2), Some(1)));
}

#[test]
fn a_shared_context_can_be_read_and_entered_from_inside_itself() {
    let shared = SharedContext::new();
    shared.run(|| {
        let token = COUNT.set(1);
        assert_eq!(shared.get(&COUNT), Some(1));
        shared.run(|| drop(COUNT.set(2)));
        assert_eq!(COUNT.get(), Some(2));
        COUNT.reset(token).unwrap();
    });
    assert!(shared.is_empty());
}

#[test]
fn two_threads_in_one_context_see_what_the_other_sets() {
    let shared = SharedContext::new();
    let (to_other, from_one) = std::sync::mpsc::channel();
    let (to_one, from_other) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        // Both are inside at the same time: each waits for the other one's step.
        let inside = shared.clone();
        scope.spawn(move || {
            inside.run(|| {
                from_one.recv().unwrap();
                assert_eq!(COUNT.get(), Some(1));
                drop(COUNT.set(2));
                to_one.send(()).unwrap();
            });
        });
        shared.run(|| {
            drop(COUNT.set(1));
            to_other.send(()).unwrap();
            from_other.recv().unwrap();
            assert_eq!(COUNT.get(), Some(2));
        });
    });
}

#[test]
fn a_value_that_goes_with_its_thread_may_still_ask() {
    struct Asks(std::sync::mpsc::Sender<Option<u32>>);
    impl Clone for Asks {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }
    impl Drop for Asks {
        fn drop(&mut self) {
            self.0.send(COUNT.get()).unwrap();
        }
    }
    static LAST: ContextVar<Arc<Asks>> = ContextVar::new("last");
    let (asks, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(LAST.set(Arc::new(Asks(asks))));
    })
    .join()
    .unwrap();
    assert_eq!(asked.recv().unwrap(), None);
}
