//! What the kernel is asked for: system calls for a request, wake-ups of a loop that only waits.
//! Counted, not timed, so a busy machine changes nothing. Linux, in processes of their own.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use bowerbird::events::WorkerMetrics;
use bowerbird::net::UnixStream;
use bowerbird::{EventLoop, create_task, sleep, yield_now};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::alone::{alone, traced_alone};
use crate::bell::Bell;
use crate::loops::{each_builder, on_each};
use crate::net_options::pair;

/// How many turns the shorter of two runs has.
const TURNS: usize = 1_000;
/// How long a request and its answer are, in bytes.
const REQUEST: usize = 64;
/// How long a loop that only waits is watched.
const WATCHED: Duration = Duration::from_secs(3);
/// How often one that has still something to do is watched again.
const WATCHES: usize = 10;
/// Calls a run may make more or fewer than another for reasons of its own: memory, mostly.
const STRAY: i64 = 20;

/// System calls by name; more or fewer of them.
type Calls = BTreeMap<String, i64>;

/// What [`TURNS`] turns of `test` ask the kernel for: twice as many turns less as many, so that the
/// start and the end do not count. `None` in the child, and where calls cannot be counted.
fn calls_of(name: &str, test: impl Fn(usize)) -> Option<Calls> {
    let once = parsed(&traced_alone(name, TURNS, &test)?);
    let mut calls = parsed(&traced_alone(name, 2 * TURNS, &test)?);
    for (call, count) in once {
        *calls.entry(call).or_default() -= count;
    }
    Some(calls)
}

/// Lines of `% seconds us/call calls [errors] name`.
fn parsed(summary: &str) -> Calls {
    let lines = summary.lines().filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let _share: f64 = words.first()?.parse().ok()?;
        let count = words.get(3)?.parse().ok()?;
        let name = words.last().filter(|name| **name != "total")?;
        Some(((*name).to_owned(), count))
    });
    let calls = Calls::from_iter(lines);
    assert!(!calls.is_empty(), "no system calls in {summary}");
    calls
}

/// The count of one call, which is no longer among the others.
fn taken(calls: &mut Calls, name: &str) -> i64 {
    calls.remove(name).unwrap_or(0)
}

#[track_caller]
fn assert_nothing_else(calls: &Calls) {
    let others: i64 = calls.values().sum();
    assert!(others.abs() <= STRAY, "{calls:?}");
}

fn on_one_thread(test: impl Future<Output = ()>) {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop.run_until_complete(test).unwrap();
    event_loop.close().unwrap();
}

/// So many requests, one after the other, with a task at each end of a connection.
async fn echo<S>(ends: (S, S), requests: usize, buffer: usize)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut client, mut server) = ends;
    let answering = create_task(async move {
        let mut request = vec![0; buffer];
        for _ in 0..requests {
            let length = server.read(&mut request).await.unwrap();
            server.write_all(&request[..length]).await.unwrap();
        }
    });
    let mut answer = vec![0; buffer];
    for _ in 0..requests {
        client.write_all(&[7; REQUEST]).await.unwrap();
        assert_eq!(client.read(&mut answer).await.unwrap(), REQUEST);
    }
    answering.await.unwrap();
}

/// Each request is two messages: there, and back.
const MESSAGES: i64 = 2 * TURNS as i64;

#[test]
fn a_message_costs_one_write_one_wait_and_one_read() {
    let name = "costs::a_message_costs_one_write_one_wait_and_one_read";
    let test = |requests| {
        on_one_thread(async move { echo(pair().await, requests, 4 * REQUEST).await });
    };
    let Some(mut calls) = calls_of(name, test) else {
        return;
    };
    assert_eq!(taken(&mut calls, "sendto"), MESSAGES, "{calls:?}");
    let reads = taken(&mut calls, "recvfrom");
    assert!((reads - MESSAGES).abs() <= STRAY, "{reads} reads");
    let waits = taken(&mut calls, "epoll_pwait") + taken(&mut calls, "epoll_pwait2");
    assert!(waits <= MESSAGES + STRAY, "{waits} waits");
    assert_nothing_else(&calls);
}

#[test]
fn a_message_of_a_unix_socket_costs_no_more() {
    let name = "costs::a_message_of_a_unix_socket_costs_no_more";
    let test = |requests| {
        let room = 4 * REQUEST;
        on_one_thread(async move { echo(UnixStream::pair().unwrap(), requests, room).await });
    };
    let Some(mut calls) = calls_of(name, test) else {
        return;
    };
    assert_eq!(taken(&mut calls, "sendto"), MESSAGES, "{calls:?}");
    let reads = taken(&mut calls, "recvmsg");
    assert!((reads - MESSAGES).abs() <= STRAY, "{reads} reads");
    let waits = taken(&mut calls, "epoll_pwait") + taken(&mut calls, "epoll_pwait2");
    assert!(waits <= MESSAGES + STRAY, "{waits} waits");
    assert_nothing_else(&calls);
}

/// A read that fills its buffer may have left something behind: the next one has to look.
#[test]
fn a_read_that_may_not_be_the_last_costs_one_more() {
    let name = "costs::a_read_that_may_not_be_the_last_costs_one_more";
    let test = |requests| {
        on_one_thread(async move { echo(UnixStream::pair().unwrap(), requests, REQUEST).await });
    };
    let Some(mut calls) = calls_of(name, test) else {
        return;
    };
    assert_eq!(taken(&mut calls, "sendto"), MESSAGES, "{calls:?}");
    let reads = taken(&mut calls, "recvmsg");
    assert!((MESSAGES..=2 * MESSAGES).contains(&reads), "{reads} reads");
    let waits = taken(&mut calls, "epoll_pwait") + taken(&mut calls, "epoll_pwait2");
    assert!((1..=MESSAGES + STRAY).contains(&waits), "{waits} waits");
    assert_nothing_else(&calls);
}

#[test]
fn tasks_of_one_thread_wake_each_other_without_the_kernel() {
    let name = "costs::tasks_of_one_thread_wake_each_other_without_the_kernel";
    let test = |turns| {
        on_one_thread(async move {
            for _ in 0..turns {
                create_task(yield_now()).await.unwrap();
            }
        });
    };
    let Some(mut calls) = calls_of(name, test) else {
        return;
    };
    // The loop looks at its sockets now and then, however busy it is.
    let looks = taken(&mut calls, "epoll_pwait") + taken(&mut calls, "epoll_pwait2");
    assert!(looks <= TURNS as i64 / 10, "{looks} looks");
    assert_nothing_else(&calls);
}

/// How often each thread but the calling one has given its processor away to wait: the trace that
/// waking up and waiting again leaves, for whatever reason.
fn rests() -> BTreeMap<String, u64> {
    let us = fs::read_link("/proc/thread-self").unwrap();
    let us = us.file_name().unwrap().to_owned();
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let of_one = |thread: std::io::Result<fs::DirEntry>| {
        let thread = thread.unwrap();
        let name = thread.file_name();
        // A thread may end between the listing and the look.
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let mut lines = status.lines();
        let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let count = count.unwrap().trim().parse().unwrap();
        (name != us).then(|| (name.into_string().unwrap(), count))
    };
    threads.filter_map(of_one).collect()
}

/// As many descriptors as the process may have.
fn raise_descriptors() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let most = maximum.map_or(1 << 20, |most| most.min(1 << 20));
    let current = Some(most);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    most
}

/// Connections nobody writes to and timers that are far away; what keeps the peers open.
fn fill_with_idlers(connections: u64) -> Vec<UnixStream> {
    for _ in 0..10_000 {
        drop(create_task(sleep(Duration::from_secs(3_600))));
    }
    let connect = |_| {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        drop(create_task(async move { ours.read(&mut [0]).await }));
        theirs
    };
    (0..connections).map(connect).collect()
}

/// What threads that only wait have done so far, as far as anybody can tell: their rests, and the
/// loop's polls, returns from the kernel, events and timers.
fn done(event_loop: &EventLoop) -> (BTreeMap<String, u64>, [u64; 4]) {
    let total = event_loop.metrics().total();
    let WorkerMetrics {
        polls,
        parks,
        io_events,
        timers_fired,
        ..
    } = total;
    (rests(), [polls, parks, io_events, timers_fired])
}

/// Watches the loop from a thread of no loop, until nothing at all happens in [`WATCHED`]. What
/// wakes a loop at intervals of a second or two does so in each watch, and then this fails.
fn assert_quiet(event_loop: &EventLoop) {
    let (_open, never) = channel::<()>();
    let mut seen = Vec::new();
    for _ in 0..WATCHES {
        let before = done(event_loop);
        assert_eq!(never.recv_timeout(WATCHED), Err(RecvTimeoutError::Timeout));
        let after = done(event_loop);
        if before == after {
            return;
        }
        seen.push((before, after));
    }
    panic!("not quiet: {seen:?}");
}

#[test]
fn ten_thousand_idle_connections_and_timers_wake_nobody() {
    let name = "costs::ten_thousand_idle_connections_and_timers_wake_nobody";
    alone(name, || {
        let connections = 10_000.min(raise_descriptors().saturating_sub(200) / 2);
        on_each(each_builder(), |event_loop| {
            let (ready, is_ready) = channel();
            let stop = Bell::default();
            thread::scope(|scope| {
                let (its, bell) = (event_loop.clone(), stop.clone());
                let idler = scope.spawn(move || {
                    let idle = async move {
                        let peers = fill_with_idlers(connections);
                        ready.send(()).unwrap();
                        bell.rung().await;
                        drop(peers);
                    };
                    its.run_until_complete(idle).unwrap();
                });
                is_ready.recv().unwrap();
                // Rings even if the loop is not quiet: its thread has to end with the test.
                let quiet = catch_unwind(AssertUnwindSafe(|| assert_quiet(&event_loop)));
                stop.ring();
                idler.join().unwrap();
                quiet.unwrap_or_else(|panic| resume_unwind(panic));
            });
            event_loop.close().unwrap();
        });
    });
}
