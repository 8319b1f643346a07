//! Child processes, as far as the kernel has to be asked: their end, and pipes to them.
//!
//! The facade's `subprocess` spawns with std and reaps with std; what is here only looks. It asks
//! about the one child that it was given, never about all of them: other libraries have children
//! as well.

use std::io;
use std::sync::Arc;

#[cfg(unix)]
use std::{fs::File, os::fd::OwnedFd};

#[cfg(unix)]
use crate::pollable::Async;
use crate::reactor::Reactor;

/// The end of a child, in an event loop. Linux; elsewhere there is none, and a thread waits.
#[derive(Debug)]
pub struct Exit {
    /// A descriptor of the process, readable once it has ended.
    #[cfg(target_os = "linux")]
    process: Async<OwnedFd>,
    /// Elsewhere nothing makes one.
    #[cfg(not(target_os = "linux"))]
    process: std::convert::Infallible,
}

impl Exit {
    /// Watches for the end of a child that nobody has reaped.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the system has no such descriptors; no descriptors left; "event loop is
    /// closed". Then [`wait_without_reaping`] on a thread does the same.
    pub fn watch(reactor: &Arc<Reactor>, child: u32) -> io::Result<Exit> {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{PidfdFlags, pidfd_open};
            let process = pidfd_open(pid(child)?, PidfdFlags::empty())?;
            let process = Async::new(reactor, process)?;
            Ok(Exit { process })
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _nowhere = (reactor, child);
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// Waits for the end. The child is still to be reaped.
    ///
    /// # Errors
    ///
    /// "event loop is closed".
    pub async fn ended(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        return self.process.readable().await;
        #[cfg(not(target_os = "linux"))]
        match self.process {}
    }
}

/// Blocks until a child has ended, and leaves it to be reaped.
///
/// # Errors
///
/// `Unsupported` where the system cannot; the system's own, when there is no such child.
pub fn wait_without_reaping(child: u32) -> io::Result<()> {
    #[cfg(all(unix, not(any(target_os = "openbsd", target_os = "redox"))))]
    {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        loop {
            match waitid(WaitId::Pid(pid(child)?), options) {
                Err(rustix::io::Errno::INTR) => {}
                waited => return Ok(waited.map(drop)?),
            }
        }
    }
    #[cfg(not(all(unix, not(any(target_os = "openbsd", target_os = "redox")))))]
    {
        let _child = child;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Our end of a pipe to a child, in an event loop.
///
/// # Errors
///
/// No descriptors left; "event loop is closed".
#[cfg(unix)]
pub fn pipe_end(reactor: &Arc<Reactor>, end: OwnedFd) -> io::Result<Async<File>> {
    // Only our end: the child's is another description, and stays blocking.
    rustix::io::ioctl_fionbio(&end, true)?;
    Async::stream(reactor, File::from(end))
}

/// Takes an end out of its event loop and makes it blocking again, for a child to inherit.
///
/// # Errors
///
/// Those of [`Async::into_inner`], and the system's.
#[cfg(unix)]
pub fn into_blocking(end: Async<File>) -> io::Result<File> {
    let end = end.into_inner()?;
    rustix::io::ioctl_fionbio(&end, false)?;
    Ok(end)
}

/// A pipe whose ends no child inherits unasked: to read from, to write to.
///
/// # Errors
///
/// No descriptors left.
#[cfg(unix)]
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(not(target_vendor = "apple"))]
    {
        Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
    }
    #[cfg(target_vendor = "apple")]
    {
        let (read, write) = rustix::pipe::pipe()?;
        for end in [&read, &write] {
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
        }
        Ok((read, write))
    }
}

#[cfg(unix)]
fn pid(child: u32) -> io::Result<rustix::process::Pid> {
    let raw = i32::try_from(child).ok();
    let pid = raw.and_then(rustix::process::Pid::from_raw);
    pid.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    //! Promises about a child's end, seen by the reactor and by a thread.

    use std::process::Command;
    #[cfg(target_os = "linux")]
    use std::task::{Context, Waker};

    use super::*;
    #[cfg(target_os = "linux")]
    use crate::reactor::{Events, Wait};

    #[test]
    fn an_end_is_seen_and_left_to_be_reaped() {
        let mut child = Command::new("true").spawn().unwrap();
        wait_without_reaping(child.id()).unwrap();
        wait_without_reaping(child.id()).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(wait_without_reaping(child.id()).is_err());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_end_wakes_who_waits_in_the_reactor() {
        let reactor = Arc::new(Reactor::new().unwrap());
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let exit = Exit::watch(&reactor, child.id()).unwrap();
        let mut ended = std::pin::pin!(exit.ended());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(ended.as_mut().poll(&mut cx).is_pending());
        child.kill().unwrap();
        let mut events = Events::new();
        while reactor.turn(&mut events, Wait::Block).unwrap().io == 0 {}
        assert!(ended.poll(&mut cx).is_ready());
        assert!(!child.wait().unwrap().success());
        assert!(Exit::watch(&reactor, child.id()).is_err(), "it was reaped");
    }
}
