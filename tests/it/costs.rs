//! What the kernel is asked for: system calls for a request, wake-ups of a loop that only waits.
//! Counted, not timed, so a busy machine changes nothing. Linux, in processes of their own.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use bowerbird::net::UnixStream;
use bowerbird::{EventLoop, create_task, get_running_loop, sleep, yield_now};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::alone::{alone, traced_alone};
use crate::loops::inside_each;
use crate::net_options::pair;

/// How many turns the shorter of two runs has.
const TURNS: usize = 1_000;
/// How long a request and its answer are, in bytes.
const REQUEST: usize = 64;
/// The end of a second is one timer: its worker wakes and goes back to rest, by way of a nap or
/// two, and so does the thread that drives the test.
const RESTS: u64 = 4;
/// That timer's task, where it is one.
const POLLS: u64 = 1;
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

/// A read that fills its buffer may have left something behind, and one of a Unix socket ends
/// behind descriptors that were sent along: the next one has to look.
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
    let reads = taken(&mut calls, "recvfrom");
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

/// How often the threads of this process have given their processors away to wait.
fn rests() -> u64 {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let of_one = |thread: std::io::Result<fs::DirEntry>| {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let mut lines = status.lines();
        let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.unwrap().trim().parse::<u64>().unwrap()
    };
    threads.map(of_one).sum()
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

/// Rests and polls in the first second that has few enough of both, or in the last of ten: what
/// wakes a loop at intervals does so in each of them.
async fn quiet_second() -> (u64, u64) {
    let event_loop = get_running_loop().unwrap();
    let count = || (rests(), event_loop.metrics().total().polls);
    let mut used = (u64::MAX, u64::MAX);
    for _ in 0..10 {
        let before = count();
        sleep(Duration::from_secs(1)).await;
        let after = count();
        used = (after.0 - before.0, after.1 - before.1);
        if used.0 <= RESTS && used.1 <= POLLS {
            break;
        }
    }
    used
}

#[test]
fn ten_thousand_idle_connections_and_timers_wake_nobody() {
    let name = "costs::ten_thousand_idle_connections_and_timers_wake_nobody";
    alone(name, || {
        let connections = 10_000.min(raise_descriptors().saturating_sub(200) / 2);
        inside_each(async || {
            let peers = fill_with_idlers(connections);
            let (rests, polls) = quiet_second().await;
            assert!(rests <= RESTS, "{rests} rests in a second");
            assert!(polls <= POLLS, "{polls} polls in a second");
            drop(peers);
        });
    });
}
