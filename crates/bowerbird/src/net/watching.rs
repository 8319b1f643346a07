//! Callbacks for descriptors: `add_reader` and its kin, on Unix. asyncio: `selector_events.py`.
//!
//! A watch is no task. The reactor's event hands a step to the loop's callbacks; the step asks the
//! kernel whether the descriptor is ready still, and if so runs the callback and hands in the next
//! step. So the callback runs again and again while the descriptor stays ready, in line with all
//! other callbacks, and never while they do.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use bowerbird_core::contexts::{self, copy_context};
use bowerbird_executor::Handle;
use bowerbird_io::{Async, Direction};

use crate::events::EventLoop;

/// Callbacks for descriptors that are not awaited. Unix.
impl EventLoop {
    /// Calls `callback` whenever `fd` has something to read, has come to its end or has failed;
    /// again and again, until it has been read.
    ///
    /// - `fd`: anything that the kernel can watch, blocking or not. The loop keeps a descriptor of
    ///   its own for it, so that what it refers to stays open until
    ///   [`remove_reader`](Self::remove_reader): a connection's peer does not see it close before.
    ///   Remove first, then drop.
    /// - `callback`: runs as the loop's callbacks do, one at a time, in a copy of the caller's
    ///   context variables; it must not block. It takes the place of one that was there for the
    ///   same `fd`. A panic is reported, and the next event calls it again.
    /// - From any thread, also before the loop runs. Ends with the loop.
    /// - asyncio: `loop.add_reader`. To await instead, see [`net::Async`](crate::net::Async).
    ///
    /// # Errors
    /// "event loop is closed"; or what the system says, for instance that `fd` is a regular file,
    /// which is always ready and cannot be watched.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let event_loop = bowerbird::EventLoop::new_current_thread()?;
    /// let (ours, mut theirs) = UnixStream::pair()?;
    /// let (mut reader, stop) = (ours.try_clone()?, event_loop.clone());
    /// event_loop.add_reader(&ours, move || {
    ///     let mut byte = [0];
    ///     reader.read_exact(&mut byte).expect("it is readable");
    ///     stop.stop();
    /// })?;
    /// theirs.write_all(b"!")?;
    /// event_loop.run_forever()?;
    /// assert!(event_loop.remove_reader(&ours));
    /// assert!(!event_loop.remove_reader(&ours), "it has gone already");
    ///
    /// let file = std::fs::File::open("Cargo.toml")?;
    /// assert!(event_loop.add_reader(&file, || {}).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_reader<F>(&self, fd: impl AsFd, callback: F) -> io::Result<()>
    where
        F: FnMut() + Send + 'static,
    {
        add(self.handle(), &fd, Direction::Read, Box::new(callback))
    }

    /// Takes a callback for reading away: false when there was none, or the loop is closed. The
    /// callback is dropped; it does not run again, even if it was about to.
    ///
    /// asyncio: `loop.remove_reader`.
    pub fn remove_reader(&self, fd: impl AsFd) -> bool {
        remove(self.handle(), &fd, Direction::Read)
    }

    /// Calls `callback` whenever `fd` takes what is written to it, or has failed; again and again,
    /// until it is full. Otherwise as [`add_reader`](Self::add_reader).
    ///
    /// # Errors
    /// As `add_reader`.
    pub fn add_writer<F>(&self, fd: impl AsFd, callback: F) -> io::Result<()>
    where
        F: FnMut() + Send + 'static,
    {
        add(self.handle(), &fd, Direction::Write, Box::new(callback))
    }

    /// Takes a callback for writing away; as [`remove_reader`](Self::remove_reader).
    pub fn remove_writer(&self, fd: impl AsFd) -> bool {
        remove(self.handle(), &fd, Direction::Write)
    }
}

fn add(handle: &Handle, fd: &impl AsFd, direction: Direction, callback: Call) -> io::Result<()> {
    let own = fd.as_fd().try_clone_to_owned()?;
    let body = Body {
        io: Async::watched(handle.reactor(), own)?,
        callback,
        context: copy_context(),
    };
    let watch = Arc::new(Watch {
        direction,
        handle: handle.clone(),
        state: Mutex::new(State::Idle(Box::new(body))),
    });
    let guard = Box::new(Guard(watch.clone()));
    let replaced = handle
        .reactor()
        .watches()
        .insert(fd.as_fd(), direction, guard)?;
    // After the lock of the table: a callback is user code, and so is its drop (I4).
    drop(replaced);
    watch.hand_in();
    Ok(())
}

fn remove(handle: &Handle, fd: &impl AsFd, direction: Direction) -> bool {
    let removed = handle.reactor().watches().remove(fd.as_fd(), direction);
    removed.is_some()
}

/// What a user wants to be called.
type Call = Box<dyn FnMut() + Send>;

/// A descriptor with its callback.
struct Watch {
    /// What it is watched for.
    direction: Direction,
    /// Whose callbacks the steps are.
    handle: Handle,
    /// Locked for a moment at a time, never while a step is under way (I4).
    state: Mutex<State>,
}

/// Where the body is.
enum State {
    /// Here, until the next step.
    Idle(Box<Body>),
    /// On a worker, in the step that is under way.
    Running,
    /// Removed for good.
    Gone,
}

/// What a step works with.
struct Body {
    /// A descriptor of our own for what is watched. It holds the waker, and so the watch, as long
    /// as it waits: dropping the body takes both apart.
    io: Async<OwnedFd>,
    /// The user's.
    callback: Call,
    /// The context variables of whoever added it.
    context: contexts::Context,
}

impl Watch {
    /// Hands the next step to the loop.
    fn hand_in(self: &Arc<Self>) {
        let watch = self.clone();
        self.handle.call_soon(Box::new(move || watch.step()));
    }

    /// Runs the callback if the descriptor is ready, and waits for the next event otherwise. Steps
    /// are callbacks of one loop, so there is one at a time.
    fn step(self: Arc<Self>) {
        let mut state = self.lock();
        if !matches!(*state, State::Idle(_)) {
            return;
        }
        let State::Idle(body) = std::mem::replace(&mut *state, State::Running) else {
            unreachable!("it was idle, and the lock is still held");
        };
        drop(state);
        let waker = Waker::from(self.clone());
        let step = Step {
            watch: self,
            body: Some(body),
            is_ready: false,
        };
        step.run(&mut Context::from_waker(&waker));
    }

    /// The state. No user code runs under this lock, so a poisoned one is as good as new.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Watch {
    fn wake(self: Arc<Self>) {
        self.hand_in();
    }
}

/// A step under way; puts the body back in the end, even if that is a panic.
struct Step {
    /// Whose.
    watch: Arc<Watch>,
    /// Taken when it is put back.
    body: Option<Box<Body>>,
    /// Whether the next step is to follow without an event.
    is_ready: bool,
}

impl Step {
    fn run(mut self, cx: &mut Context<'_>) {
        let Some(body) = &mut self.body else { return };
        // An error is the end of the loop, which drops the watch.
        if let Poll::Ready(Ok(())) = body.io.poll_ready(self.watch.direction, cx) {
            self.is_ready = true;
            body.context.run(&mut body.callback);
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let mut state = self.watch.lock();
        if matches!(*state, State::Running) {
            if let Some(body) = self.body.take() {
                *state = State::Idle(body);
            }
        }
        drop(state);
        // A body that is still here was removed meanwhile: it goes with `self`, with no lock held.
        if self.body.is_none() && self.is_ready {
            self.watch.hand_in();
        }
    }
}

/// What stands in the table: dropping it ends the watch.
struct Guard(Arc<Watch>);

impl bowerbird_io::Watch for Guard {}

impl Drop for Guard {
    fn drop(&mut self) {
        // The state is let go of before what was in it: that is user code.
        let before = std::mem::replace(&mut *self.0.lock(), State::Gone);
        drop(before);
    }
}
