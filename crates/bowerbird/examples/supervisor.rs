//! Keeps a program running: `supervisor <program> [arguments]`.
//!
//! It is started again whenever it ends, after a pause that doubles while it ends early. Ctrl-C or
//! TERM stops it: politely first, then for good, with everything that it has started itself. On
//! Windows, which has no process groups, it is stopped alone, and for good at once.

#![expect(clippy::print_stdout, reason = "an example speaks to its user")]

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use bowerbird::signal::SIGTERM;
use bowerbird::subprocess::{Builder, Process, create_subprocess_exec};
use bowerbird::{catch_cancel, current_task, get_running_loop, sleep, wait_for};

/// The pause after an early end: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

/// Whoever has run for so long has not ended early.
const STEADY: Duration = Duration::from_secs(10);

/// How long the program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// What comes with a request to end that came as TERM.
const BY_TERM: &str = "TERM";

#[bowerbird::main]
async fn main() -> io::Result<()> {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        let usage = "usage: supervisor <program> [arguments]";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, usage));
    };
    // Ctrl-C cancels this future by itself; let TERM do the same.
    let me = current_task().expect("this future is run as a task");
    let event_loop = get_running_loop().expect("and by a loop");
    event_loop.add_signal_handler(SIGTERM, move || {
        me.cancel_with(BY_TERM);
    })?;
    supervise(program, words.collect()).await
}

async fn supervise(program: OsString, arguments: Vec<OsString>) -> io::Result<()> {
    let [first, most] = PAUSES;
    let mut pause = first;
    loop {
        let child = create_subprocess_exec(&program).args(&arguments);
        let child = group::lead(child).kill_on_drop(true).await?;
        println!("started {}", child.id());
        let early = match catch_cancel(wait_for(child.wait(), STEADY)).await {
            Ok(ended) => ended.is_ok(),
            Err(cancelled) => return stop(child, cancelled).await,
        };
        if !early {
            pause = first;
            if let Err(cancelled) = catch_cancel(child.wait()).await {
                return stop(child, cancelled).await;
            }
        }
        println!("ended with {:?}, again in {pause:?}", child.returncode());
        sleep(pause).await;
        pause = (2 * pause).min(most);
    }
}

/// Ends the program and all it has started, and then passes the request on.
async fn stop(child: Process, cancelled: bowerbird::Cancelled) -> io::Result<()> {
    println!("stopping {}", child.id());
    group::ask(&child)?;
    if wait_for(child.wait(), GRACE).await.is_err() {
        println!("killing {}", child.id());
        group::kill(&child)?;
        child.wait().await?;
    }
    println!("stopped with {:?}", child.returncode());
    if cancelled.message() == Some(BY_TERM) {
        // Done as we were told; the request ends here.
        return Ok(());
    }
    match cancelled.resume().await {}
}

/// The program, and all that it has started.
#[cfg(unix)]
mod group {
    use super::{Builder, Process, SIGTERM, io};

    /// A group of its own: Ctrl-C reaches us alone, and we can end all of it.
    pub(super) fn lead(program: Builder) -> Builder {
        program.process_group(0)
    }

    pub(super) fn ask(child: &Process) -> io::Result<()> {
        child.send_signal_to_group(SIGTERM)
    }

    pub(super) fn kill(child: &Process) -> io::Result<()> {
        child.kill_group()
    }
}

/// The program alone.
#[cfg(not(unix))]
mod group {
    use super::{Builder, Process, io};

    pub(super) fn lead(program: Builder) -> Builder {
        program
    }

    pub(super) fn ask(child: &Process) -> io::Result<()> {
        child.terminate()
    }

    pub(super) fn kill(child: &Process) -> io::Result<()> {
        child.kill()
    }
}
