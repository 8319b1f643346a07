//! The attributes as the compiler sees them, over a runner that only takes notes.
//!
//! It stands where the facade stands, through `crate = ".."`, so that this crate keeps no edge to
//! the facade that depends on it.

use std::cell::RefCell;
use std::fmt;

use bowerbird_macros as bowerbird;

thread_local! {
    /// What the builder and the runner were told, on this thread.
    static NOTES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(words: impl fmt::Display) {
    NOTES.with_borrow_mut(|notes| notes.push(words.to_string()));
}

/// What was noted since the last call.
fn notes() -> Vec<String> {
    NOTES.take()
}

mod fake {
    /// The facade's enum.
    #[derive(Debug)]
    pub(crate) enum Flavor {
        MultiThread,
        CurrentThread,
    }

    pub(crate) mod runners {
        use std::future::Future;
        use std::io;
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};

        use crate::note;

        pub(crate) struct Runner;

        impl Runner {
            pub(crate) fn builder() -> Self {
                Self
            }

            pub(crate) fn flavor(self, flavor: super::Flavor) -> Self {
                note(format_args!("{flavor:?}"));
                self
            }

            pub(crate) fn worker_threads(self, count: usize) -> Self {
                note(format_args!("workers {count}"));
                self
            }

            pub(crate) fn debug(self, is_on: bool) -> Self {
                note(format_args!("debug {is_on}"));
                self
            }

            pub(crate) fn build(self) -> io::Result<Self> {
                Ok(self)
            }

            pub(crate) fn run<F: Future>(&mut self, future: F) -> F::Output {
                note("run");
                match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(output) => output,
                    Poll::Pending => panic!("these futures never wait"),
                }
            }
        }
    }
}

#[bowerbird::main(crate = "crate::fake")]
async fn plain() {
    note("body");
}

#[bowerbird::main(crate = "crate::fake", worker_threads = 2, debug = true)]
pub(crate) async fn fallible() -> Result<u8, Box<dyn std::error::Error>> {
    let number: u8 = "7".parse()?;
    // A value that is not `Send` may live across an await: the runner drives it in place.
    let shared = std::rc::Rc::new(number);
    std::future::ready(()).await;
    Ok(*shared)
}

#[bowerbird::main(crate = "crate::fake", flavor = "current_thread")]
async fn opaque() -> impl fmt::Display {
    "shown"
}

#[test]
fn main_builds_a_pool_and_runs_the_body_on_it() {
    plain();
    assert_eq!(notes(), ["MultiThread", "run", "body"]);
}

#[test]
fn arguments_reach_the_builder_and_the_value_comes_back() {
    assert_eq!(fallible().unwrap(), 7);
    assert_eq!(notes(), ["MultiThread", "workers 2", "debug true", "run"]);
}

#[test]
fn any_return_type_of_an_async_fn_will_do() {
    assert_eq!(opaque().to_string(), "shown");
    assert_eq!(notes(), ["CurrentThread", "run"]);
}

#[bowerbird::test(crate = "crate::fake")]
async fn a_test_runs_on_the_current_thread() {
    assert_eq!(notes(), ["CurrentThread", "run"]);
}

#[bowerbird::test(crate = "crate::fake")]
#[should_panic(expected = "seen by the harness")]
async fn the_other_attributes_of_a_test_keep_their_meaning() {
    panic!("seen by the harness");
}

#[bowerbird::test(crate = "crate::fake")]
async fn a_test_may_end_in_a_result() -> Result<(), std::num::ParseIntError> {
    "1".parse::<u8>()?;
    Ok(())
}

macro_rules! with_workers {
    ($visibility:vis $name:ident, $count:literal) => {
        #[bowerbird::main(crate = "crate::fake", worker_threads = $count)]
        $visibility async fn $name() {}
    };
}
with_workers!(written_by_a_macro, 5);
with_workers!(pub(crate) written_in_public, 6);

#[test]
fn a_function_written_by_another_macro_is_understood() {
    written_by_a_macro();
    written_in_public();
    assert_eq!(
        notes(),
        [
            "MultiThread",
            "workers 5",
            "run",
            "MultiThread",
            "workers 6",
            "run"
        ]
    );
}
