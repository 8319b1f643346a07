//! What a child is started with, and starting it.
//!
//! Starting blocks until the program has been loaded, so it is done on a thread for blocking calls.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::future::{Future, IntoFuture};
use std::io;
use std::panic::Location;
use std::path::Path;
use std::pin::Pin;
use std::process::{self, Command};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird_core::TaskError;
use bowerbird_executor::Handle;

use super::child::{Child, abandon, reap_orphans, watch};
use super::pipes::Pipe;
use super::stdio::{Stdio, Streams};
use super::{ChildStderr, ChildStdin, ChildStdout, Process};
use crate::events::birth;
use crate::exceptions::NoRunningLoop;
use crate::tasks::Task;

/// A child to be started: made by [`create_subprocess_exec`](super::create_subprocess_exec) or
/// [`create_subprocess_shell`](super::create_subprocess_shell), or from std's `Command`, whose
/// other settings it keeps. Awaiting it starts the child.
///
/// Nothing of ours is inherited but stdin, stdout and stderr.
#[must_use = "a builder does nothing until it is awaited"]
pub struct Builder {
    /// Program, arguments, variables, directory.
    command: Command,
    /// Where its three streams go.
    streams: Streams,
    /// Whether dropping the handle ends it.
    kill_on_drop: bool,
    /// Whether it leads a process group of its own.
    has_group: bool,
}

impl Builder {
    /// One more argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// More arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Where it reads from: [`PIPE`](super::PIPE), [`DEVNULL`](super::DEVNULL), a file.
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.streams.stdin = stdin.into();
        self
    }

    /// Where it writes to: [`PIPE`](super::PIPE), [`DEVNULL`](super::DEVNULL), a file.
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.streams.stdout = stdout.into();
        self
    }

    /// Where it complains to: as for stdout, or [`STDOUT`](super::STDOUT) itself.
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.streams.stderr = stderr.into();
        self
    }

    /// Sets one variable of its environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets several variables of its environment.
    pub fn envs<K, V>(mut self, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.command.envs(variables);
        self
    }

    /// Takes one variable out of its environment.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Starts its environment empty; what [`env`](Self::env) sets afterwards is all there is.
    pub fn env_clear(mut self) -> Self {
        self.command.env_clear();
        self
    }

    /// The directory it starts in. A program given by a relative path may be looked for from here
    /// or from our own directory, as the system has it.
    pub fn cwd(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Puts it into a process group: 0 is a new one that it leads, so that
    /// [`Process::kill_group`](super::Process::kill_group) reaches its descendants, and Ctrl-C in
    /// our terminal does not. Without this it is in ours.
    #[cfg(unix)]
    pub fn process_group(mut self, group: i32) -> Self {
        use std::os::unix::process::CommandExt as _;
        self.command.process_group(group);
        self.has_group = group == 0;
        self
    }

    /// Whether dropping the [`Process`](super::Process) ends the child, with its process group if
    /// it leads one. Without this it runs on.
    pub fn kill_on_drop(mut self, kill_on_drop: bool) -> Self {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// Starts it, which awaiting the builder does as well.
    ///
    /// - Cancel: a child that was just being started is ended and reaped.
    ///
    /// # Errors
    /// Awaiting gives `NotFound` when there is no such program or directory, `InvalidInput` for
    /// [`STDOUT`](super::STDOUT) in the wrong place, and what else the system says: no permission,
    /// no more processes, descriptors or threads. Nothing is left behind.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn spawn(self) -> Spawn {
        let location = Location::caller();
        let Some(handle) = Handle::current() else {
            panic!("{NoRunningLoop}")
        };
        let birth = birth(&handle, location);
        Spawn {
            task: handle.to_thread(|| self.start(), birth),
            handle,
        }
    }

    /// Starts it, on a thread where that may block.
    fn start(mut self) -> io::Result<Newborn> {
        reap_orphans();
        let both = self.streams.connect(&mut self.command)?;
        let mut child = self.command.spawn()?;
        let pipes = Pipes {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            both,
            stderr: child.stderr.take(),
        };
        Ok(Newborn {
            child: Some(Child::new(child, self.has_group)),
            pipes,
            kill_on_drop: self.kill_on_drop,
        })
    }
}

impl From<Command> for Builder {
    /// Takes over all of std's settings but stdin, stdout and stderr.
    fn from(command: Command) -> Self {
        Self {
            command,
            streams: Streams::default(),
            kill_on_drop: false,
            has_group: false,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Builder").field(&self.command).finish()
    }
}

impl IntoFuture for Builder {
    type Output = io::Result<Process>;
    type IntoFuture = Spawn;

    #[track_caller]
    fn into_future(self) -> Spawn {
        self.spawn()
    }
}

/// A child being started; see [`Builder::spawn`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited, and dropping this ends the child"]
pub struct Spawn {
    /// The start, on another thread.
    task: Task<io::Result<Newborn>>,
    /// The loop that the child will be watched by.
    handle: Handle,
}

impl Future for Spawn {
    type Output = io::Result<Process>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let started = ready!(self.task.poll_result(cx));
        let newborn = started.map_err(no_thread)??;
        Poll::Ready(newborn.settle(&self.handle))
    }
}

impl Drop for Spawn {
    fn drop(&mut self) {
        // Should it have begun, it goes on, and `Newborn` ends what it has started.
        self.task.cancel();
    }
}

/// Why there is not even an error of the spawn itself.
fn no_thread(error: TaskError) -> io::Error {
    match error {
        TaskError::Panicked(panic) => match panic.into_payload().downcast::<io::Error>() {
            Ok(error) => *error,
            Err(payload) => std::panic::resume_unwind(payload),
        },
        error => io::Error::other(error),
    }
}

/// A child that nobody has a handle of yet. Dropping it ends the child.
#[derive(Debug)]
struct Newborn {
    /// `None` once it has been handed over.
    child: Option<Arc<Child>>,
    /// Our ends of its pipes.
    pipes: Pipes,
    /// Goes to its handle.
    kill_on_drop: bool,
}

/// Our ends of a child's pipes, before they are in a loop.
#[derive(Debug)]
struct Pipes {
    stdin: Option<process::ChildStdin>,
    stdout: Option<process::ChildStdout>,
    /// Carries stdout and stderr, in place of both.
    both: Option<File>,
    stderr: Option<process::ChildStderr>,
}

impl Newborn {
    /// Puts its pipes into a loop and has its end watched there.
    fn settle(mut self, handle: &Handle) -> io::Result<Process> {
        let Pipes {
            stdin,
            stdout,
            both,
            stderr,
        } = &mut self.pipes;
        let stdin = stdin.take().map(|end| Pipe::new(handle, end)).transpose()?;
        let stdout = match both.take() {
            Some(end) => Some(Pipe::new(handle, end)?),
            None => stdout
                .take()
                .map(|end| Pipe::new(handle, end))
                .transpose()?,
        };
        let stderr = stderr
            .take()
            .map(|end| Pipe::new(handle, end))
            .transpose()?;
        let child = self.child.take().expect("it is handed over once, by value");
        watch(&child, handle);
        Ok(Process {
            child,
            kill_on_drop: self.kill_on_drop,
            stdin: stdin.map(ChildStdin::new),
            stdout: stdout.map(ChildStdout::new),
            stderr: stderr.map(ChildStderr::new),
        })
    }
}

impl Drop for Newborn {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            child.kill_all();
            abandon(&child);
        }
    }
}
