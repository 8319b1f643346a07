//! Where the names are: each one at the root and in its module, and both are the same.

use std::any::TypeId;

use bowerbird::{events, futures, locks, net, queues, runners, streams, subprocess, tasks};

/// Whether the two paths lead to one type.
macro_rules! same {
    ($($at_root:ty = $in_module:ty),+ $(,)?) => {
        $(assert_eq!(TypeId::of::<$at_root>(), TypeId::of::<$in_module>());)+
    };
}

#[test]
fn types_are_at_the_root_and_in_their_modules() {
    same!(
        bowerbird::Runner = runners::Runner,
        bowerbird::EventLoop = events::EventLoop,
        bowerbird::Builder = events::Builder,
        bowerbird::Flavor = events::Flavor,
        bowerbird::Handle = events::Handle,
        bowerbird::TimerHandle = events::TimerHandle,
        bowerbird::Metrics = events::Metrics,
        bowerbird::Task<()> = tasks::Task<()>,
        bowerbird::TaskRef = tasks::TaskRef,
        bowerbird::task::Builder = tasks::task::Builder,
        bowerbird::Cancelled = tasks::Cancelled,
        bowerbird::ReturnWhen = tasks::ReturnWhen,
        bowerbird::Sleep = tasks::Sleep,
        bowerbird::Interval = tasks::Interval,
        bowerbird::AsCompleted<()> = tasks::AsCompleted<()>,
        bowerbird::Promise<()> = futures::Promise<()>,
        bowerbird::TaskGroup<()> = bowerbird::taskgroups::TaskGroup<()>,
        bowerbird::TaskGroupError<()> = bowerbird::taskgroups::TaskGroupError<()>,
        bowerbird::Timeout = bowerbird::timeouts::Timeout,
        bowerbird::Context = bowerbird::contextvars::Context,
        bowerbird::ContextVar<()> = bowerbird::contextvars::ContextVar<()>,
        bowerbird::Token<()> = bowerbird::contextvars::Token<()>,
        bowerbird::TaskDump = bowerbird::graph::TaskDump,
    );
    same!(
        bowerbird::Lock<()> = locks::Lock<()>,
        bowerbird::RwLock<()> = locks::RwLock<()>,
        bowerbird::Event = locks::Event,
        bowerbird::Condition = locks::Condition,
        bowerbird::Semaphore = locks::Semaphore,
        bowerbird::BoundedSemaphore = locks::BoundedSemaphore,
        bowerbird::Barrier = locks::Barrier,
        bowerbird::Queue<()> = queues::Queue<()>,
        bowerbird::LifoQueue<()> = queues::LifoQueue<()>,
        bowerbird::PriorityQueue<()> = queues::PriorityQueue<()>,
    );
    same!(
        bowerbird::StreamReader = streams::StreamReader,
        bowerbird::StreamWriter = streams::StreamWriter,
        bowerbird::Server = streams::Server,
        bowerbird::TcpListener = net::TcpListener,
        bowerbird::TcpStream = net::TcpStream,
        bowerbird::UdpSocket = net::UdpSocket,
        bowerbird::Process = subprocess::Process,
        bowerbird::Signal = bowerbird::signal::Signal,
        bowerbird::File = bowerbird::fs::File,
    );
}

#[cfg(unix)]
#[test]
fn sockets_of_the_file_system_are_in_both_places() {
    same!(
        bowerbird::UnixListener = net::UnixListener,
        bowerbird::UnixStream = net::UnixStream,
        bowerbird::UnixDatagram = net::UnixDatagram,
        bowerbird::Async<std::os::unix::net::UnixStream> =
            net::Async<std::os::unix::net::UnixStream>,
    );
}

#[test]
fn errors_are_at_the_root_among_the_exceptions_and_where_they_arise() {
    use bowerbird::exceptions;
    same!(
        bowerbird::LoopError = exceptions::LoopError,
        bowerbird::NoRunningLoop = exceptions::NoRunningLoop,
        bowerbird::TaskError = exceptions::TaskError,
        bowerbird::TimeoutError = exceptions::TimeoutError,
        bowerbird::InvalidStateError = exceptions::InvalidStateError,
        bowerbird::InvalidStateError = futures::InvalidStateError,
        bowerbird::PromiseError = futures::PromiseError,
        bowerbird::BrokenBarrierError = exceptions::BrokenBarrierError,
        bowerbird::ValueError = exceptions::ValueError,
        bowerbird::QueueFull<()> = exceptions::QueueFull<()>,
        bowerbird::QueueFull<()> = queues::QueueFull<()>,
        bowerbird::QueueEmpty = queues::QueueEmpty,
        bowerbird::QueueShutDown = queues::QueueShutDown,
        bowerbird::IncompleteReadError = streams::IncompleteReadError,
        bowerbird::LimitOverrunError = streams::LimitOverrunError,
        bowerbird::ReadError = exceptions::ReadError,
        bowerbird::ProcessLookupError = exceptions::ProcessLookupError,
        bowerbird::SendfileNotAvailableError = exceptions::SendfileNotAvailableError,
    );
}

/// Whether the two paths lead to one function: both are used, and the compiler resolves them.
#[expect(unused_imports, reason = "that they resolve is the test")]
mod functions {
    mod at_root {
        use bowerbird::{
            all_tasks, as_completed, block_in_place, catch_cancel, copy_context, create_local_task,
            create_subprocess_exec, create_subprocess_shell, create_task, ctrl_c, current_task,
            finally, gather, get_running_loop, interval, lookup_host, main, open_connection,
            print_call_graph, run, sendfile, shield, signal, sleep, sleep_until, start_server,
            test, timeout, timeout_at, timeout_scope, to_thread, try_gather, try_wait, wait,
            wait_for, yield_now,
        };
        #[cfg(unix)]
        use bowerbird::{open_unix_connection, start_unix_server};
    }

    mod in_modules {
        use bowerbird::contextvars::copy_context;
        use bowerbird::events::get_running_loop;
        use bowerbird::graph::print_call_graph;
        use bowerbird::net::{lookup_host, sendfile};
        use bowerbird::runners::run;
        use bowerbird::signal::{ctrl_c, signal};
        use bowerbird::streams::{open_connection, start_server};
        #[cfg(unix)]
        use bowerbird::streams::{open_unix_connection, start_unix_server};
        use bowerbird::subprocess::{create_subprocess_exec, create_subprocess_shell};
        use bowerbird::tasks::{
            all_tasks, as_completed, catch_cancel, create_local_task, create_task, current_task,
            finally, gather, interval, shield, sleep, sleep_until, try_gather, try_wait, wait,
            wait_for, yield_now,
        };
        use bowerbird::threads::{block_in_place, to_thread};
        use bowerbird::timeouts::{timeout, timeout_at, timeout_scope};
    }
}
