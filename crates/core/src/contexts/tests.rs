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

#[test]
fn a_copy_shares_the_values_until_one_changes() {
    let mut one = Context::new();
    one.run(|| drop(NAME.set("x".into())));
    let mut two = one.clone();
    assert!(Arc::ptr_eq(
        one.vars.as_ref().unwrap(),
        two.vars.as_ref().unwrap()
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
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..5_usize, any::<u32>()).prop_map(|(var, value)| Step::Set(var, value)),
        2 => Just(Step::Reset),
        1 => Just(Step::Fork),
        1 => Just(Step::Leave),
    ]
}

proptest! {
    /// Any mix of sets, resets and copies agrees with a plain map for each context.
    #[test]
    fn contexts_agree_with_maps(steps in prop::collection::vec(step(), 0..60)) {
        let vars: [ContextVar<u32>; 5] = std::array::from_fn(|_| ContextVar::new("v"));
        let mut outer = Context::new();
        let _entered = enter(&mut outer);
        let mut model: Vec<HashMap<usize, u32>> = vec![HashMap::new()];
        // Suspended contexts, and for each context its tokens with what they lead back to.
        let mut suspended = Vec::new();
        let mut tokens = vec![Vec::new()];
        for step in steps {
            match step {
                Step::Set(var, value) => {
                    let token = vars[var].set(value);
                    let before = model.last_mut().unwrap().insert(var, value);
                    prop_assert_eq!(token.old_value(), before);
                    tokens.last_mut().unwrap().push((var, before, token));
                }
                Step::Reset => {
                    let last = tokens.last_mut().unwrap().pop();
                    let Some((var, before, token)) = last else { continue };
                    prop_assert!(vars[var].reset(token).is_ok());
                    let map = model.last_mut().unwrap();
                    match before {
                        Some(value) => map.insert(var, value),
                        None => map.remove(&var),
                    };
                }
                Step::Fork => {
                    let mut copy = copy_context();
                    swap(&mut copy);
                    suspended.push(copy);
                    model.push(model.last().unwrap().clone());
                    tokens.push(Vec::new());
                }
                Step::Leave => {
                    let Some(mut context) = suspended.pop() else { continue };
                    swap(&mut context);
                    model.pop();
                    tokens.pop();
                }
            }
            let map = model.last().unwrap();
            for (at, var) in vars.iter().enumerate() {
                prop_assert_eq!(var.get(), map.get(&at).copied());
            }
            prop_assert_eq!(copy_context().len(), map.len());
        }
        while let Some(mut context) = suspended.pop() {
            swap(&mut context);
        }
    }
}
