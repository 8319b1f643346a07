//! System calls that fail, one after another: strace lets those of a child process fail, and each
//! thread counts its own. The program goes on, or fails by an error with a type, and is well again
//! when the failures are over; it never hangs, and asks no faster for being refused. Linux, skipped
//! by name where nothing can be traced.
//!
//! `EAGAIN` is not injected into reads and writes: the kernel says it only of what it will call
//! ready later, and strace can lie about the first alone.
#![cfg(target_os = "linux")]

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bowerbird::events::Builder;
use bowerbird::{
    EventLoop, LoopError, Report, StreamReader, StreamWriter, TaskError, create_subprocess_exec,
    create_task, open_connection, sleep, start_server, to_thread,
};

use crate::alone::injected_alone;
use crate::loops::each_builder;

/// Clients at once.
const CLIENTS: usize = 4;
/// What each of them asks, one after the other.
const QUESTIONS: usize = 5;
/// What is asked, and answered with the same.
const QUESTION: &[u8] = b"what goes there comes back";
/// Rounds after which everything must work: each thread has a handful of failures in it, each of
/// which spoils one round at most.
const ROUNDS: usize = 100;
/// More calls of a kind than all rounds together need; a loop that spins makes more in a second.
const CALLS_MAX: usize = 20_000;

/// Runs `test` once for each injection, and looks whether it took place.
#[track_caller]
fn with_each(name: &str, injections: &[&str], test: impl Fn()) {
    for injection in injections {
        let Some(calls) = injected_alone(name, injection, &test) else {
            return;
        };
        assert!(calls.contains("(INJECTED)"), "{injection}: nothing failed");
        let count = calls.lines().count();
        assert!(count < CALLS_MAX, "{injection}: {count} calls");
    }
}

/// Answers with what comes, until the end.
async fn answer(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let bytes = reader.read(64).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        writer.write(bytes).await?;
    }
}

async fn ask(address: SocketAddr) -> io::Result<()> {
    let (mut reader, writer) = open_connection(address).await?;
    for _ in 0..QUESTIONS {
        writer.write(QUESTION).await?;
        let answer = reader.readexactly(QUESTION.len()).await?;
        assert_eq!(answer, QUESTION);
    }
    Ok(())
}

/// A call on another thread, whose want is an error with a type.
async fn call() -> io::Result<()> {
    match to_thread(|| 7).await {
        Ok(answer) => assert_eq!(answer, 7),
        Err(TaskError::Panicked(panic)) => {
            return Err(*panic.into_payload().downcast::<io::Error>().unwrap());
        }
        Err(error) => panic!("nobody cancels it: {error}"),
    }
    Ok(())
}

/// A server and its clients; the first thing that failed.
async fn round() -> io::Result<()> {
    let server = start_server(answer, "127.0.0.1:0").await?;
    let address = server.local_addrs()[0];
    let clients: Vec<_> = (0..CLIENTS).map(|_| create_task(ask(address))).collect();
    let mut outcome = call().await;
    for client in clients {
        outcome = outcome.and(client.await.unwrap());
    }
    server.close();
    outcome
}

/// A loop, as soon as one can be made.
fn built(builder: &Builder) -> EventLoop {
    for _ in 0..ROUNDS {
        let before = open_descriptors();
        match builder.clone().build() {
            Ok(event_loop) => return event_loop,
            Err(error) => assert!(error.raw_os_error().is_some(), "{error:?}"),
        }
        assert_eq!(open_descriptors(), before);
    }
    panic!("no loop after {ROUNDS} attempts");
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Plays rounds on each kind of loop until all goes well, which it must within so many.
fn plays_within(rounds: usize) {
    for builder in each_builder() {
        let event_loop = built(&builder);
        // What a server says about connections that fail is not the point here.
        event_loop.set_exception_handler(Some(|_: &Report| {}));
        let mut failures = Vec::new();
        loop {
            match event_loop.run_until_complete(round()).unwrap() {
                Ok(()) => break,
                Err(error) => failures.push(error),
            }
            assert!(failures.len() < rounds, "{builder:?}: {failures:?}");
        }
        event_loop.close().unwrap();
    }
}

#[test]
fn what_was_interrupted_is_done_again() {
    let injections = [
        "accept4:error=EINTR:when=1+2",
        "epoll_pwait,epoll_pwait2:error=EINTR:when=1+2",
        "recvfrom:error=EINTR:when=1+2",
        "sendto:error=EINTR:when=1+2",
    ];
    let name = "injection::what_was_interrupted_is_done_again";
    with_each(name, &injections, || plays_within(1));
}

#[test]
fn fault_068_a_notification_that_is_interrupted_still_wakes() {
    let name = "injection::fault_068_a_notification_that_is_interrupted_still_wakes";
    with_each(name, &["write:error=EINTR:when=1+2"], || plays_within(1));
}

#[test]
fn fault_058_a_connection_that_cannot_be_accepted_waits_or_was_gone() {
    let injections = [
        "accept4:error=EMFILE:when=1",
        "accept4:error=ENFILE:when=1",
        "accept4:error=ENOMEM:when=1",
        "accept4:error=ECONNABORTED:when=1..3",
    ];
    let name = "injection::fault_058_a_connection_that_cannot_be_accepted_waits_or_was_gone";
    with_each(name, &injections, || plays_within(1));
}

#[test]
fn fault_060_a_connection_that_fails_is_an_error_of_its_own() {
    let injections = [
        "recvfrom:error=ECONNRESET:when=3..5",
        "recvfrom:error=ENOMEM:when=2..4",
        "sendto:error=ENOBUFS:when=2..4",
        "sendto:error=EPIPE:when=3..5",
        "connect:error=ENETUNREACH:when=1..3",
    ];
    let name = "injection::fault_060_a_connection_that_fails_is_an_error_of_its_own";
    with_each(name, &injections, || plays_within(ROUNDS));
}

#[test]
fn fault_058_what_cannot_be_opened_or_watched_is_an_error_and_leaves_nothing() {
    let injections = [
        "socket:error=EMFILE:when=1..3",
        "epoll_ctl:error=ENOSPC:when=1..5",
        "epoll_ctl:error=ENOMEM:when=3..6",
        "epoll_create1:error=EMFILE:when=1..2",
        "eventfd2:error=ENFILE:when=1..2",
        "timerfd_create:error=EMFILE:when=1..2",
    ];
    let name =
        "injection::fault_058_what_cannot_be_opened_or_watched_is_an_error_and_leaves_nothing";
    with_each(name, &injections, || plays_within(ROUNDS));
}

#[test]
fn fault_100_a_system_without_what_a_loop_needs_is_told_at_once() {
    let injections = [
        "epoll_create1:error=ENOSYS:when=1+",
        "eventfd2:error=ENOSYS:when=1+",
        "timerfd_create:error=ENOSYS:when=1+",
    ];
    let name = "injection::fault_100_a_system_without_what_a_loop_needs_is_told_at_once";
    with_each(name, &injections, || {
        for builder in each_builder() {
            let before = open_descriptors();
            let refused = builder.build().unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::Unsupported);
            assert_eq!(open_descriptors(), before);
        }
    });
}

#[test]
fn fault_073_threads_that_cannot_be_started_are_errors_until_they_can() {
    let name = "injection::fault_073_threads_that_cannot_be_started_are_errors_until_they_can";
    let injections = ["clone3,clone:error=EAGAIN:when=1..4"];
    with_each(name, &injections, || plays_within(ROUNDS));
}

/// Runs a child after another; how many could not be started, for EAGAIN.
async fn start_children() -> usize {
    const CHILDREN: usize = 20;

    let mut refused = 0;
    for _ in 0..CHILDREN {
        match create_subprocess_exec("true").await {
            Ok(child) => assert!(child.wait().await.unwrap().success()),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error:?}");
                refused += 1;
            }
        }
    }
    assert!(refused < CHILDREN, "most of them can be started");
    refused
}

#[test]
fn fault_083_children_that_the_system_refuses_now_and_then_leave_nothing() {
    let name = "injection::fault_083_children_that_the_system_refuses_now_and_then_leave_nothing";
    // Nine: eight workers can be started in between.
    let injections = [
        "clone3,clone,vfork:error=EAGAIN:when=1+9",
        "clone3,clone,vfork:error=EAGAIN:when=1+9 pidfd_open:error=ENOSYS",
    ];
    with_each(name, &injections, || {
        for builder in each_builder() {
            let before = open_descriptors();
            let event_loop = built(&builder);
            let refused = event_loop.run_until_complete(start_children()).unwrap();
            assert!(refused > 0, "the first call of a thread fails");
            event_loop.close().unwrap();
            drop(event_loop);
            // A thread of the pool may be the last to let go of the loop.
            while open_descriptors() != before {
                std::thread::yield_now();
            }
        }
    });
}

#[test]
fn fault_100_without_process_descriptors_children_are_waited_for_all_the_same() {
    let name =
        "injection::fault_100_without_process_descriptors_children_are_waited_for_all_the_same";
    with_each(name, &["pidfd_open:error=ENOSYS:when=1+"], || {
        for builder in each_builder() {
            let event_loop = built(&builder);
            let children = async {
                for _ in 0..5 {
                    let child = create_subprocess_exec("true").await.unwrap();
                    assert!(child.wait().await.unwrap().success());
                }
            };
            event_loop.run_until_complete(children).unwrap();
            event_loop.close().unwrap();
        }
    });
}

/// Without a reactor no loop can go on. Who runs it hears so, whichever of its threads found out.
#[test]
fn a_reactor_that_fails_ends_the_run_and_hangs_nobody() {
    let name = "injection::a_reactor_that_fails_ends_the_run_and_hangs_nobody";
    let injections = ["epoll_pwait,epoll_pwait2:error=ENOMEM:when=3+"];
    with_each(name, &injections, || {
        for builder in each_builder() {
            let event_loop = builder.build().unwrap();
            let forever = async {
                loop {
                    // Timers come through the reactor, all but those that a busy loop looks at.
                    sleep(Duration::from_millis(1)).await;
                }
            };
            let run = || event_loop.run_until_complete(forever);
            match catch_unwind(AssertUnwindSafe(run)) {
                Ok(ended) => assert_eq!(ended, Err(LoopError::Stopped)),
                Err(panic) => {
                    let why = panic.downcast::<String>().unwrap();
                    assert!(why.starts_with("the reactor failed: "), "{why}");
                }
            }
        }
    });
}
