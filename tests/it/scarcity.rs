//! No more descriptors, no more threads: errors with a type, nothing lost, and recovery. Linux, in
//! processes of their own, since a limit concerns all threads.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::{EventLoop, Report, StreamWriter, TaskError};
use bowerbird::{get_running_loop, start_server, to_thread};
use futures_lite::AsyncReadExt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::alone::alone;
use crate::loops::{each_builder, until_equal};

/// Too many open files.
const EMFILE: i32 = 24;

fn limit(resource: Resource, current: Option<u64>) -> Rlimit {
    let before = getrlimit(resource);
    let maximum = before.maximum;
    setrlimit(resource, Rlimit { current, maximum }).unwrap();
    before
}

/// Leaves not one descriptor; gives what the limit was.
fn exhaust_descriptors() -> Rlimit {
    // The lowest free one is the next; below it all are taken.
    let free = std::fs::File::open("/dev/null").unwrap();
    let next = u64::try_from(std::os::fd::AsRawFd::as_raw_fd(&free)).unwrap();
    drop(free);
    limit(Resource::Nofile, Some(next))
}

/// Runs `f` with not one descriptor left.
pub(crate) fn without_descriptors<R>(f: impl FnOnce() -> R) -> R {
    let before = exhaust_descriptors();
    let answer = f();
    setrlimit(Resource::Nofile, before).unwrap();
    answer
}

#[test]
fn fault_058_a_loop_without_descriptors_is_an_error_and_leaves_nothing() {
    let name = "scarcity::fault_058_a_loop_without_descriptors_is_an_error_and_leaves_nothing";
    alone(name, || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = open();
        for builder in each_builder() {
            let refused = without_descriptors(|| builder.clone().build());
            assert_eq!(refused.unwrap_err().raw_os_error(), Some(EMFILE));
            assert_eq!(open(), before);
            let event_loop = builder.build().unwrap();
            assert_eq!(event_loop.run_until_complete(async { 1 }), Ok(1));
        }
    });
}

#[test]
fn fault_058_an_accept_without_descriptors_is_an_error_and_the_connection_waits() {
    let name =
        "scarcity::fault_058_an_accept_without_descriptors_is_an_error_and_the_connection_waits";
    alone(name, || {
        for builder in each_builder() {
            let event_loop = builder.build().unwrap();
            event_loop.run_until_complete(accept_in_scarcity()).unwrap();
        }
    });
}

async fn accept_in_scarcity() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"kept").unwrap();
    for _ in 0..3 {
        let refused = without_descriptors(|| {
            futures_lite::future::block_on(async { listener.accept().await.map(drop) })
        });
        assert_eq!(refused.unwrap_err().raw_os_error(), Some(EMFILE));
    }
    let (mut server, _) = listener.accept().await.unwrap();
    let mut kept = [0; 4];
    server.read_exact(&mut kept).await.unwrap();
    assert_eq!(&kept, b"kept");
}

#[test]
fn fault_058_a_connect_without_descriptors_is_an_error_and_works_later() {
    let name = "scarcity::fault_058_a_connect_without_descriptors_is_an_error_and_works_later";
    alone(name, || {
        for builder in each_builder() {
            let event_loop = builder.build().unwrap();
            let connecting = async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let refused = without_descriptors(|| {
                    futures_lite::future::block_on(TcpStream::connect(address)).map(drop)
                });
                assert_eq!(refused.unwrap_err().raw_os_error(), Some(EMFILE));
                TcpStream::connect(address).await.unwrap();
            };
            event_loop.run_until_complete(connecting).unwrap();
        }
    });
}

#[test]
fn fault_058_a_server_without_descriptors_says_so_waits_and_then_serves_everybody() {
    let name =
        "scarcity::fault_058_a_server_without_descriptors_says_so_waits_and_then_serves_everybody";
    alone(name, || {
        for builder in each_builder() {
            let event_loop = builder.build().unwrap();
            event_loop.run_until_complete(serve_in_scarcity()).unwrap();
        }
    });
}

async fn serve_in_scarcity() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let handler = move |report: &Report| tell.lock().unwrap().push(report.to_string());
    let event_loop = get_running_loop().unwrap();
    event_loop.set_exception_handler(Some(handler));

    let greet = async |_, writer: StreamWriter| writer.write("hello").await;
    let starting = start_server(greet, "127.0.0.1:0").start_serving(false);
    let server = starting.await.unwrap();
    let address = server.local_addrs()[0];
    let clients: Vec<_> = (0..5)
        .map(|_| std::net::TcpStream::connect(address).unwrap())
        .collect();
    let before = exhaust_descriptors();
    server.start_serving().unwrap();
    while told.lock().unwrap().is_empty() {
        bowerbird::sleep(Duration::from_millis(1)).await;
    }
    setrlimit(Resource::Nofile, before).unwrap();
    for mut client in clients {
        let greeting = to_thread(move || {
            let mut greeting = String::new();
            client.read_to_string(&mut greeting).map(|_| greeting)
        });
        assert_eq!(greeting.await.unwrap().unwrap(), "hello");
    }
    let told = told.lock().unwrap().clone();
    assert!(
        told[0].contains("accept failed for want of descriptors"),
        "{told:?}"
    );
    assert_eq!(told.len(), 1, "it waits, and does not spin: {told:?}");
}

/// Runs `f` without the address space that one more thread's stack would take.
fn without_threads<R>(f: impl FnOnce() -> R) -> R {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmSize:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    let bytes = kib.parse::<u64>().unwrap() * 1024;
    let before = limit(Resource::As, Some(bytes + (1 << 19)));
    let answer = f();
    setrlimit(Resource::As, before).unwrap();
    answer
}

#[test]
fn fault_073_a_call_without_a_thread_is_an_error_and_the_next_one_works() {
    let name = "scarcity::fault_073_a_call_without_a_thread_is_an_error_and_the_next_one_works";
    alone(name, || {
        let event_loop = EventLoop::new_current_thread().unwrap();
        let calls = async {
            let call = without_threads(|| to_thread(|| 1));
            let error = match call.await {
                Err(TaskError::Panicked(panic)) => panic.into_payload(),
                other => panic!("no thread was there, and yet: {other:?}"),
            };
            assert!(error.downcast_ref::<std::io::Error>().is_some());
            assert_eq!(to_thread(|| 2).await.unwrap(), 2);
            // With a thread there already, nothing new is needed.
            bowerbird::sleep(Duration::from_millis(1)).await;
            assert_eq!(without_threads(|| to_thread(|| 3)).await.unwrap(), 3);
        };
        event_loop.run_until_complete(calls).unwrap();
    });
}

#[test]
fn fault_073_a_loop_without_threads_is_an_error_and_leaves_nothing() {
    let name = "scarcity::fault_073_a_loop_without_threads_is_an_error_and_leaves_nothing";
    alone(name, || {
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let before = threads();
        let builder = EventLoop::builder().worker_threads(8);
        // No system has room for such a stack, so no thread can start.
        let refused = builder.clone().thread_stack_size(1 << 60).build();
        assert!(refused.is_err());
        until_equal(threads, before);
        assert_eq!(
            builder.build().unwrap().run_until_complete(async { 1 }),
            Ok(1)
        );
    });
}
