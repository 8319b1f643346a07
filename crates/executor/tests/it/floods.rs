//! What is promised while events come thick: workers nap then, and leave small batches uncalled for
//! to the one that naps, and still a long poll holds up nothing.

use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bowerbird_core::Task;
use bowerbird_executor::Handle;
use bowerbird_io::Async;

use crate::stage::{pool, run, spawn, spin_until, watched, yield_now};

/// Connections of a flood.
const CROWD: usize = 16;
/// Long polls amid it.
const ROUNDS: usize = 100;

/// A thread that sends a byte through every connection as soon as all have answered.
struct Flood {
    /// No more.
    over: Arc<AtomicBool>,
    /// The client.
    client: JoinHandle<()>,
    /// Who answers.
    servers: Vec<Task<()>>,
    /// Answers so far.
    answers: Arc<AtomicUsize>,
}

impl Flood {
    fn start(handle: &Handle) -> Self {
        let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let mut far = Vec::new();
        let mut servers = Vec::new();
        for _ in 0..CROWD {
            let (ours, theirs) = UnixStream::pair().unwrap();
            far.push(theirs);
            let ours = Async::new(handle.reactor(), ours).unwrap();
            servers.push(spawn(handle, answer(ours, Arc::clone(&answers))));
        }
        let client = thread::spawn({
            let over = over.clone();
            move || {
                let mut byte = [0];
                while !over.load(Ordering::SeqCst) {
                    far.iter_mut().for_each(|far| far.write_all(b"x").unwrap());
                    for far in &mut far {
                        far.read_exact(&mut byte).unwrap();
                    }
                }
            }
        });
        Self {
            over,
            client,
            servers,
            answers,
        }
    }

    fn answers(&self) -> usize {
        self.answers.load(Ordering::SeqCst)
    }

    /// The connections end with the client.
    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for server in self.servers {
            server.await.unwrap();
        }
        self.client.join().unwrap();
    }
}

async fn answer(stream: Async<UnixStream>, answers: Arc<AtomicUsize>) {
    let mut byte = [0];
    while poll_fn(|cx| stream.poll_read(cx, &mut byte)).await.unwrap() == 1 {
        poll_fn(|cx| stream.poll_write(cx, &byte)).await.unwrap();
        answers.fetch_add(1, Ordering::SeqCst);
    }
}

/// A long poll on whichever worker, which lasts until all connections have been answered twice:
/// some of their tasks may wait behind it, and their next events come after it has begun.
fn hold_up(handle: &Handle, answers: &Arc<AtomicUsize>) -> Task<bool> {
    let answers = answers.clone();
    spawn(handle, async move {
        let before = answers.load(Ordering::SeqCst);
        let enough = || answers.load(Ordering::SeqCst) >= before + 2 * CROWD;
        spin_until(Duration::from_secs(5), enough)
    })
}

#[test]
fn a_long_poll_amid_a_flood_of_events_holds_up_no_connection() {
    watched(|| {
        for workers in [2, 4] {
            let runtime = pool(workers);
            let handle = runtime.handle();
            run(&runtime, async {
                let flood = Flood::start(&handle);
                for round in 0..ROUNDS {
                    // Some flood before each, so that workers have begun to nap.
                    let before = flood.answers();
                    while flood.answers() < before + 10 * CROWD {
                        yield_now().await;
                    }
                    let served = hold_up(&handle, &flood.answers).await.unwrap();
                    assert!(served, "{workers} workers, round {round}: {handle:#?}");
                }
                flood.end().await;
            });
        }
    });
}

/// The same where no other task runs but those of the flood: the main future waits in a rest.
#[test]
fn a_long_poll_in_a_connections_own_task_holds_up_no_other_connection() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        run(&runtime, async {
            let flood = Flood::start(&handle);
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let ours = Async::new(handle.reactor(), ours).unwrap();
            let (asked, asks) = mpsc::channel();
            let answers = flood.answers.clone();
            let stuck = spawn(&handle, async move {
                let mut byte = [0];
                while poll_fn(|cx| ours.poll_read(cx, &mut byte)).await.unwrap() == 1 {
                    let before = answers.load(Ordering::SeqCst);
                    let enough = || answers.load(Ordering::SeqCst) >= before + 2 * CROWD;
                    asked
                        .send(spin_until(Duration::from_secs(5), enough))
                        .unwrap();
                }
            });
            let asking = thread::spawn(move || {
                for round in 0..ROUNDS {
                    theirs.write_all(b"x").unwrap();
                    assert!(asks.recv().unwrap(), "round {round}");
                }
            });
            stuck.await.unwrap();
            asking.join().unwrap();
            flood.end().await;
        });
    });
}
