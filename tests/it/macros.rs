//! `#[bowerbird::main]` and `#[bowerbird::test]` over the real runtime. What they say about wrong
//! arguments is tested where they are made.

use bowerbird::{create_task, get_running_loop};

fn workers() -> usize {
    get_running_loop().unwrap().metrics().workers.len()
}

#[bowerbird::main(worker_threads = 3)]
async fn three_workers() -> usize {
    create_task(async { workers() }).await.unwrap()
}

#[bowerbird::main(flavor = "current_thread")]
async fn one_thread() {
    let here = std::thread::current().id();
    let there = create_task(async { std::thread::current().id() });
    assert_eq!(there.await.unwrap(), here);
}

#[bowerbird::main]
async fn fallible() -> Result<u32, std::num::ParseIntError> {
    let number = create_task(async { "12".parse::<u32>() });
    number.await.unwrap()
}

#[bowerbird::main(debug = true)]
async fn remembering() -> bool {
    let task = create_task(async {});
    let location = task.handle().location();
    task.await.unwrap();
    location.is_some_and(|location| location.file().ends_with("macros.rs"))
}

#[test]
fn main_runs_on_the_loop_that_it_asks_for() {
    assert_eq!(three_workers(), 3);
    one_thread();
    assert_eq!(fallible(), Ok(12));
}

#[test]
fn in_debug_mode_tasks_know_where_they_were_made() {
    assert!(remembering());
}

#[bowerbird::test]
async fn a_test_has_a_loop_of_one_thread() {
    assert_eq!(workers(), 1);
}

#[bowerbird::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_may_ask_for_more() -> Result<(), bowerbird::TaskError> {
    assert_eq!(create_task(async { workers() }).await?, 2);
    Ok(())
}

#[bowerbird::test]
#[should_panic(expected = "the test's own")]
async fn a_panic_is_a_failure() {
    panic!("the test's own");
}
