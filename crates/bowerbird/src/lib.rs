//! **asyncio for Rust**: an event loop on all cores, with asyncio's names and asyncio's promises.
//!
//! ```
//! use std::time::Duration;
//!
//! #[bowerbird::main]
//! async fn main() {
//!     let task = bowerbird::create_task(async {
//!         bowerbird::sleep(Duration::from_millis(1)).await;
//!         "done"
//!     });
//!     assert_eq!(task.await.expect("it neither panics nor is cancelled"), "done");
//! }
//! ```
//!
//! | asyncio | here |
//! |---|---|
//! | `asyncio.run`, `Runner` | [`run`], [`Runner`], [`macro@main`] |
//! | the event loop | [`EventLoop`], [`Builder`], [`get_running_loop`] |
//! | `create_task`, `Task` | [`create_task`], [`create_local_task`], [`Task`], [`TaskRef`] |
//! | `gather`, `shield`, `wait_for` | [`gather()`], [`try_gather()`], [`shield`], [`wait_for`] |
//! | `sleep` | [`sleep`], [`sleep_until`], [`interval`], [`yield_now`] |
//! | `wait`, `as_completed` | [`wait`], [`try_wait`], [`ReturnWhen`], [`as_completed`] |
//! | `Future` | [`Promise`] |
//! | `TaskGroup` | [`TaskGroup::scope`], [`TaskGroupError`] |
//! | `except CancelledError`, `finally` | [`catch_cancel`], [`finally`] |
//! | `timeout`, `timeout_at` | [`timeout`], [`timeout_at`], [`timeout_scope`] |
//! | `print_call_graph` | [`print_call_graph`], [`EventLoop::dump_tasks`] |
//! | `to_thread` | [`to_thread`], [`block_in_place`] |
//! | `contextvars` | [`ContextVar`], [`Context`], [`copy_context`] |
//! | `Lock`, `Event`, `Condition`, `Semaphore`, `Barrier` | [`locks`] |
//! | `Queue`, `PriorityQueue`, `LifoQueue` | [`queues`] |
//! | `add_signal_handler` | [`EventLoop::add_signal_handler`], [`mod@signal`] |
//! | files | [`fs`] |
//! | sockets, `add_reader` | [`net`], [`net::Async`] |
//! | `ssl` | [`tls`], with the feature of that name |
//! | `open_connection`, `start_server`, `StreamReader`, `StreamWriter`, `Server` | [`streams`] |
//! | `create_subprocess_exec`, `create_subprocess_shell` | [`subprocess`], [`Process`] |
//!
//! Each module is named after asyncio's own file.

pub mod runners;

pub mod events;

pub mod graph;

pub mod tasks;

pub mod futures;

pub mod taskgroups;

pub mod timeouts;

pub mod threads;

pub mod contextvars;

mod waiters;

pub mod locks;

pub mod queues;

pub mod net;

pub mod fs;

pub mod signal;

pub mod streams;

pub mod subprocess;
#[cfg(feature = "tls")]
pub mod tls;

pub mod exceptions;

pub use bowerbird_core::{Awaitable, IntoTask};
pub use bowerbird_macros::{main, test};
pub use contextvars::{Context, ContextVar, Token, copy_context};
pub use events::{
    Builder, CallSite, EventLoop, ExceptionHandler, Flavor, Handle, Level, Metrics, Report,
    TimerHandle, WorkerMetrics, get_running_loop,
};
pub use exceptions::{
    BrokenBarrierError, GetNowaitError, IncompleteReadError, InvalidStateError, LimitOverrunError,
    LoopError, NoRunningLoop, Panic, ProcessLookupError, PromiseError, PutNowaitError, QueueEmpty,
    QueueFull, QueueShutDown, ReadError, SendfileNotAvailableError, TaskError, TimeoutError,
    ValueError,
};
pub use fs::File;
pub use futures::Promise;
pub use graph::{Awaited, TaskDump, TaskInfo, TaskState, print_call_graph};
pub use locks::{
    Barrier, BoundedSemaphore, Condition, Event, Lock, LockGuard, RwLock, RwLockReadGuard,
    RwLockWriteGuard, Semaphore, SemaphorePermit,
};
pub use net::{Async, TcpListener, TcpStream, UdpSocket, lookup_host, sendfile};
#[cfg(unix)]
pub use net::{UnixDatagram, UnixListener, UnixStream};
pub use queues::{LifoQueue, PriorityQueue, Queue};
pub use runners::{Runner, run};
pub use signal::{CtrlC, Signal, SignalError, SignalKind, ctrl_c, signal};
pub use streams::{Server, StreamReader, StreamWriter, open_connection, start_server};
#[cfg(unix)]
pub use streams::{open_unix_connection, start_unix_server};
pub use subprocess::{Process, create_subprocess_exec, create_subprocess_shell};
pub use taskgroups::{TaskGroup, TaskGroupError};
pub use tasks::{
    AsCompleted, CallbackId, Cancelled, CatchCancel, Finally, Gather, Interval, Resume, ReturnWhen,
    Shield, Sleep, Task, TaskId, TaskRef, Wait, WaitFor, all_tasks, as_completed, catch_cancel,
    create_local_task, create_task, current_task, finally, gather, interval, shield, sleep,
    sleep_until, task, try_gather, try_wait, wait, wait_for, yield_now,
};
pub use threads::{block_in_place, to_thread};
pub use timeouts::{Timeout, timeout, timeout_at, timeout_scope};
