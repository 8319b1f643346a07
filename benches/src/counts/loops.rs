//! The operations that are counted, each in a loop on a loop of one thread.
//!
//! `counts` starts a child for each run, which calls [`run`]. No turn rests or waits for anything
//! but another task of its own loop, so what a turn executes does not depend on time.

use std::future::{self, Future};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::Queue;
use bowerbird::net::UnixStream;
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::runtimes::{Runtime, Shape, bowerbird::Bowerbird};
use crate::signal::Bell;

/// What runs so many turns.
type Loop = fn(u64) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// By their names, as recorded.
const LOOPS: [(&str, Loop); 8] = [
    ("spawn_join", |turns| Box::pin(spawn_join(turns))),
    ("yield", |turns| Box::pin(yielding(turns))),
    ("wake_there_and_back", |turns| Box::pin(ping_pong(turns))),
    ("timeout_ready", |turns| Box::pin(timeout_ready(turns))),
    ("timeout_yields_once", |turns| {
        Box::pin(timeout_yields(turns))
    }),
    ("queue_hop", |turns| Box::pin(queue_hop(turns))),
    ("gather_of_10", |turns| Box::pin(gather_of_10(turns))),
    ("echo_step", |turns| Box::pin(echo_step(turns))),
];

/// Never reached.
const LIMIT: Duration = Duration::from_secs(3_600);

/// A request of the echo loop, in bytes.
const REQUEST: usize = 64;

/// How many items the queue holds.
const ROOM: usize = 64;

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LOOPS.iter().map(|(name, _)| *name)
}

/// Runs `turns` turns of the loop called `name`; an error if there is none.
pub(crate) fn run(name: &str, turns: u64) -> io::Result<()> {
    let found = LOOPS.iter().find(|(known, _)| *known == name);
    let (_, body) = found.ok_or_else(|| io::Error::other(format!("there is no loop {name}")))?;
    Bowerbird::run(Shape::CurrentThread, body(turns));
    Ok(())
}

/// A turn: an empty task, spawned and awaited.
async fn spawn_join(turns: u64) {
    for _ in 0..turns {
        Bowerbird::join(bowerbird::create_task(async {})).await;
    }
}

/// A turn: to the end of the queue of ready tasks, and back.
async fn yielding(turns: u64) {
    for _ in 0..turns {
        bowerbird::yield_now().await;
    }
}

/// A turn: one task wakes another that waits, which wakes the first in return.
async fn ping_pong(turns: u64) {
    let turns = turns as usize;
    let [there, back] = [(); 2].map(|()| Arc::new(Bell::default()));
    let answering = bowerbird::create_task({
        let (there, back) = (there.clone(), back.clone());
        async move {
            for turn in 0..turns {
                there.ring_after(turn).await;
                back.ring();
            }
        }
    });
    for turn in 0..turns {
        there.ring();
        back.ring_after(turn).await;
    }
    Bowerbird::join(answering).await;
}

/// A turn: a timeout around what is ready at once.
async fn timeout_ready(turns: u64) {
    for _ in 0..turns {
        let outcome = bowerbird::timeout(LIMIT, future::ready(())).await;
        outcome.expect("what is ready is in time");
    }
}

/// A turn: a timeout around what is ready at its second poll: a timer is set and taken back.
async fn timeout_yields(turns: u64) {
    for _ in 0..turns {
        let outcome = bowerbird::timeout(LIMIT, bowerbird::yield_now()).await;
        outcome.expect("a yield is in time");
    }
}

/// A turn: one item through a bounded queue, from one task to another.
async fn queue_hop(turns: u64) {
    let queue = Queue::new(ROOM);
    let putting = bowerbird::create_task({
        let queue = queue.clone();
        async move {
            for item in 0..turns {
                queue.put(item).await.expect("nobody shuts it down");
            }
        }
    });
    for _ in 0..turns {
        queue.get().await.expect("nobody shuts it down");
    }
    Bowerbird::join(putting).await;
}

/// A turn: ten empty awaitables made tasks and gathered.
async fn gather_of_10(turns: u64) {
    for _ in 0..turns {
        let gathered = bowerbird::gather((0..10).map(|number| async move { number })).await;
        let gathered = gathered.expect("none of them panics or is cancelled");
        assert_eq!(gathered.len(), 10);
    }
}

/// A turn: a request and its answer over a pair of sockets, with a task at each end.
async fn echo_step(turns: u64) {
    let (mut client, mut server) = UnixStream::pair().expect("there are fds left");
    let answering = bowerbird::create_task(async move {
        let mut request = [0; REQUEST];
        for _ in 0..turns {
            server
                .read_exact(&mut request)
                .await
                .expect("the client is there");
            server
                .write_all(&request)
                .await
                .expect("the client is there");
        }
    });
    let mut answer = [0; REQUEST];
    for _ in 0..turns {
        client
            .write_all(&[1; REQUEST])
            .await
            .expect("the server is there");
        client
            .read_exact(&mut answer)
            .await
            .expect("the server is there");
    }
    Bowerbird::join(answering).await;
}
