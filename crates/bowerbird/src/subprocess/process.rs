//! A child that was started: its pipes, its end, and the ways to bring it about.

use std::fmt;
use std::future::Future;
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;

use super::child::Child;
use super::communicate::{Input, drain, feed, together};
use super::{ChildStderr, ChildStdin, ChildStdout};
#[cfg(unix)]
use crate::signal::{SIGKILL, SIGTERM, SignalKind};

/// A child process.
///
/// - Dropping it leaves the child running, unless it was built with
///   [`kill_on_drop`](super::Builder::kill_on_drop). Either way the child is reaped at its end.
/// - asyncio: `subprocess.py`, `Process`.
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// use bowerbird::subprocess::{Process, create_subprocess_exec};
///
/// let child: Process = create_subprocess_exec("sleep").arg("3600").await?;
/// assert!(child.id() > 0 && child.returncode().is_none());
/// child.terminate()?;
/// child.wait().await?;
/// assert_eq!(child.returncode(), Some(-15));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct Process {
    /// The child itself.
    pub(super) child: Arc<Child>,
    /// Whether dropping this ends it.
    pub(super) kill_on_drop: bool,
    /// To its stdin, if that is a [`PIPE`](super::PIPE) and was not taken.
    pub stdin: Option<ChildStdin>,
    /// From its stdout, if that is a [`PIPE`](super::PIPE) and was not taken.
    pub stdout: Option<ChildStdout>,
    /// From its stderr, if that is a [`PIPE`](super::PIPE) and was not taken.
    pub stderr: Option<ChildStderr>,
}

impl Process {
    /// Its process number. After it was reaped, the system may give the number to another one.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, or `-N` when signal `N` ended it; `None` while it runs, and when somebody
    /// else has reaped it.
    pub fn returncode(&self) -> Option<i32> {
        let status = self.child.outcome()?.ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt as _;
            status
                .code()
                .or_else(|| status.signal().map(|number| -number))
        }
        #[cfg(not(unix))]
        status.code()
    }

    /// Waits for its end. Any number may wait at once, here or in tasks of their own.
    ///
    /// - A child that writes to a pipe which nobody reads never ends: use
    ///   [`communicate`](Self::communicate), or read.
    /// - Cancel: nothing to undo. The child runs on.
    ///
    /// # Errors
    /// When somebody else has reaped it, so that nobody knows; for instance a program that ignores
    /// `SIGCHLD`.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// bowerbird::run(async {
    ///     let child = bowerbird::subprocess::create_subprocess_exec("false").await?;
    ///     let elsewhere = bowerbird::create_task(child.wait());
    ///     assert_eq!(child.wait().await?.code(), Some(1));
    ///     assert!(!elsewhere.await.unwrap()?.success());
    ///     Ok(())
    /// })
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub fn wait(&self) -> impl Future<Output = io::Result<ExitStatus>> + Send + use<> {
        let child = self.child.clone();
        async move { child.wait().await }
    }

    /// Feeds `input` to its stdin and closes it, reads its stdout and stderr to their ends, and
    /// waits for its own end: all at once, so nobody waits for a full pipe.
    ///
    /// - `input`: bytes or text; `None` is as empty. Without a pipe to stdin it goes nowhere.
    /// - What it gives: all of stdout and all of stderr, each `None` without a pipe. It is held in
    ///   memory: read the pipes yourself when there may be much.
    /// - A child that does not read all of `input` is no error, as in asyncio.
    /// - Cancel: what was read so far is lost. The child runs on, and keeps its pipes.
    ///
    /// # Errors
    /// Those of the pipes, and of [`wait`](Self::wait).
    pub async fn communicate(
        &mut self,
        input: impl Input,
    ) -> io::Result<(Option<Vec<u8>>, Option<Vec<u8>>)> {
        let fed = feed(&mut self.stdin, input.as_bytes());
        let (stdout, stderr) = (drain(&mut self.stdout), drain(&mut self.stderr));
        let (fed, stdout, stderr) = together(fed, stdout, stderr).await;
        self.child.wait().await?;
        fed?;
        Ok((stdout?, stderr?))
    }

    /// Ends it for good: KILL, and on Windows `TerminateProcess`.
    ///
    /// # Errors
    /// [`ProcessLookupError`](crate::exceptions::ProcessLookupError) inside a `NotFound`, after its
    /// end; the system's.
    pub fn kill(&self) -> io::Result<()> {
        self.child.kill()
    }

    /// Asks it to end: TERM. On Windows, where nothing asks, [`kill`](Self::kill).
    ///
    /// # Errors
    /// As [`kill`](Self::kill).
    pub fn terminate(&self) -> io::Result<()> {
        #[cfg(unix)]
        return self.send_signal(SIGTERM);
        #[cfg(not(unix))]
        self.kill()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// As [`kill`](Self::kill), and `InvalidInput` for a number that is no signal.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use bowerbird::signal::SIGHUP;
    ///
    /// bowerbird::run(async {
    ///     let child = bowerbird::subprocess::create_subprocess_exec("sleep").arg("60").await?;
    ///     child.send_signal(SIGHUP)?;
    ///     child.wait().await?;
    ///     assert_eq!(child.returncode(), Some(-1));
    ///     assert_eq!(child.kill().unwrap_err().kind(), std::io::ErrorKind::NotFound);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn send_signal(&self, signal: impl Into<SignalKind>) -> io::Result<()> {
        self.child.send_signal(signal.into().as_raw())
    }

    /// Sends a signal to its whole process group: the child, its children, and theirs, but for
    /// those that have left the group.
    ///
    /// - For children built with [`process_group(0)`](super::Builder::process_group).
    ///
    /// # Errors
    /// As [`send_signal`](Self::send_signal): after the child's own end the group's number may be
    /// somebody else's. `InvalidInput` when it has no group of its own.
    #[cfg(unix)]
    pub fn send_signal_to_group(&self, signal: impl Into<SignalKind>) -> io::Result<()> {
        self.child.send_signal_to_group(signal.into().as_raw())
    }

    /// Ends its whole process group for good; see
    /// [`send_signal_to_group`](Self::send_signal_to_group).
    ///
    /// # Errors
    /// As there.
    #[cfg(unix)]
    pub fn kill_group(&self) -> io::Result<()> {
        self.send_signal_to_group(SIGKILL)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.kill_on_drop {
            self.child.kill_all();
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("id", &self.id())
            .field("returncode", &self.returncode())
            .finish_non_exhaustive()
    }
}
