//! What is measured: one file for each workload, each generic over the runtime.
//!
//! `child` looks a workload up in [`catalogue`] and calls it. To add one, write its file and its
//! line there. A workload gets a [`Plan`] and gives back readings; it starts the runtime itself
//! and measures from inside a spawned task. Two workers unless its name says otherwise.

mod spawn_join;

mod spawn_chain;

mod remote_spawn;

mod yielding;

mod ping_pong;

mod channel;

mod fib;

mod cpu_fanout;

mod foreign_wake;

mod busy_worker;

mod timeout;

mod sleep_accuracy;

mod timers;

mod to_thread;

mod echo;

mod http_hello;

pub(crate) mod web;

mod axum_json;

mod http_client;

mod websocket;

mod memory;

mod idle;

mod growth;

use std::time::Duration;

use crate::reading::Reading;
use crate::runtimes::{Runtime, Shape};

pub(crate) use growth::{BYTES_EACH, Point, WORKERS, catalogue as series};

/// What almost every workload runs on.
const TWO: Shape = Shape::Workers(2);

/// How much time there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// A look only: the sizes shrink, so numbers that depend on size are not the full ones.
    pub(crate) is_quick: bool,
}

impl Plan {
    /// One value for a look, one for a measurement.
    pub(crate) fn pick<T>(self, quick: T, full: T) -> T {
        if self.is_quick { quick } else { full }
    }

    /// How long one case of a workload is repeated.
    pub(crate) fn budget(self) -> Duration {
        Duration::from_millis(self.pick(40, 400))
    }
}

/// A workload on one runtime.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// Starts the runtime, measures, shuts it down.
    pub(crate) run: fn(Plan) -> Vec<Reading>,
}

/// All workloads on `R`, in the order of the table.
pub(crate) fn catalogue<R: Runtime>() -> Vec<Workload> {
    let of = |name, run| Workload { name, run };
    let mut all = vec![
        of("spawn_join", spawn_join::on_workers::<R>),
        of("spawn_join_current", spawn_join::on_one_thread::<R>),
        of("spawn_chain", spawn_chain::on_workers::<R>),
        of("spawn_chain_current", spawn_chain::on_one_thread::<R>),
        of("remote_spawn", remote_spawn::run::<R>),
        of("yield", yielding::run::<R>),
        of("ping_pong", ping_pong::run::<R>),
        of("channel", channel::run::<R>),
        of("fib", fib::run::<R>),
        of("cpu_fanout", cpu_fanout::run::<R>),
        of("foreign_wake", foreign_wake::run::<R>),
        of("busy_worker_task", busy_worker::task::run::<R>),
        of("busy_worker_timer", busy_worker::timer::run::<R>),
        of("busy_worker_socket", busy_worker::socket::run::<R>),
        of("timeout", timeout::run::<R>),
        of("sleep_accuracy", sleep_accuracy::run::<R>),
        of("timers", timers::run::<R>),
        of("to_thread", to_thread::run::<R>),
        of("echo_1", echo::run::<R, 1>),
        of("echo_64", echo::run::<R, 64>),
        of("echo_1000", echo::run::<R, 1_000>),
        of("http_hello_64", http_hello::run::<R, 64>),
        of("http_hello_256", http_hello::run::<R, 256>),
        of("memory_pending", memory::pending::<R>),
        of("memory_sleeping", memory::sleeping::<R>),
        of("idle", idle::run::<R>),
    ];
    all.extend(R::web());
    all
}
