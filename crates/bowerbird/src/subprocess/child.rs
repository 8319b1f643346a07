//! One child, from its start until it has been reaped; shared by its handle and by whoever watches.
//!
//! Reaping frees the process number for others, so it and every signal take the same lock: nothing
//! is ever sent to a number that may have become somebody else's.
//!
//! ```text
//! started ─► watched by a task of the loop ──ended──► reaped
//!                │ loop closed, or no descriptors       ▲ ▲
//!                ├────► watched by a thread ────────────┘ │
//!                │ no threads either                      │
//!                └────► looked at now and then ───────────┘
//! ```

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::process::{self, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use bowerbird_core::{Awaited, note};
use bowerbird_executor::Handle;
use bowerbird_io::children::{Exit, wait_without_reaping};

use crate::exceptions::ProcessLookupError;
use crate::locks::Event;
use crate::tasks::sleep;

/// Children that no thread could be started for; looked at whenever another one is started.
static ORPHANS: Mutex<Vec<Arc<Child>>> = Mutex::new(Vec::new());

/// How often a thread looks for an end where the system cannot tell it: at first, and at most.
const LOOKS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// See the module.
#[derive(Debug)]
pub(super) struct Child {
    /// Its process number.
    id: u32,
    /// Whether it leads a process group of its own.
    has_group: bool,
    /// What has become of it.
    state: Mutex<State>,
    /// Set once it has been reaped.
    reaped: Event,
}

#[derive(Debug)]
enum State {
    /// To be reaped.
    Alive(process::Child),
    /// Reaped.
    Ended(ExitStatus),
    /// Somebody else reaped it, or the system does so by itself: the error's number.
    Lost(Option<i32>),
}

impl Child {
    pub(super) fn new(child: process::Child, has_group: bool) -> Arc<Self> {
        Arc::new(Self {
            id: child.id(),
            has_group,
            state: Mutex::new(State::Alive(child)),
            reaped: Event::new(),
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Reaps it if it has ended, and says how it did.
    pub(super) fn outcome(&self) -> Option<io::Result<ExitStatus>> {
        let mut state = self.lock();
        if let State::Alive(child) = &mut *state {
            match child.try_wait() {
                Ok(None) => return None,
                Ok(Some(status)) => *state = State::Ended(status),
                Err(error) => *state = State::Lost(error.raw_os_error()),
            }
        }
        let outcome = match &*state {
            State::Alive(_) => return None,
            State::Ended(status) => Ok(*status),
            State::Lost(number) => Err(number.map_or_else(unknown, io::Error::from_raw_os_error)),
        };
        drop(state);
        if !self.reaped.is_set() {
            self.reaped.set();
        }
        Some(outcome)
    }

    /// Waits until it has been reaped.
    pub(super) async fn wait(&self) -> io::Result<ExitStatus> {
        let mut reaped = pin!(self.reaped.wait());
        let noted = poll_fn(|cx| {
            let polled = reaped.as_mut().poll(cx);
            if polled.is_pending() {
                note(Awaited::Process(self.id));
            }
            polled
        });
        noted.await;
        self.outcome().unwrap_or_else(|| Err(unknown()))
    }

    /// Sends it a signal, unless it has ended.
    #[cfg(unix)]
    pub(super) fn send_signal(&self, number: i32) -> io::Result<()> {
        self.while_alive(|_| bowerbird_io::signals::send(number_of(self.id), number))
    }

    /// Sends a signal to all of its group. It leads it, so while it is not reaped the group's
    /// number is nobody else's.
    #[cfg(unix)]
    pub(super) fn send_signal_to_group(&self, number: i32) -> io::Result<()> {
        if !self.has_group {
            let error = "the child has no process group of its own: start it with `process_group`";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
        let state = self.lock();
        match &*state {
            State::Alive(_) => bowerbird_io::signals::send(-number_of(self.id), number),
            _ => Err(ProcessLookupError.into()),
        }
    }

    /// Ends it for good, with its group if it leads one. Too late is as good as done.
    pub(super) fn kill_all(&self) {
        let _killed = if self.has_group {
            self.kill_group()
        } else {
            self.kill()
        };
    }

    #[cfg(unix)]
    fn kill_group(&self) -> io::Result<()> {
        self.send_signal_to_group(bowerbird_io::signals::numbers::KILL)
    }

    /// Other systems have no groups.
    #[cfg(not(unix))]
    fn kill_group(&self) -> io::Result<()> {
        self.kill()
    }

    /// Ends it for good.
    pub(super) fn kill(&self) -> io::Result<()> {
        self.while_alive(process::Child::kill)
    }

    /// Does something to it, unless it has ended.
    fn while_alive(&self, f: impl FnOnce(&mut process::Child) -> io::Result<()>) -> io::Result<()> {
        // An end that nobody has noticed yet counts.
        if self.outcome().is_some() {
            return Err(ProcessLookupError.into());
        }
        match &mut *self.lock() {
            State::Alive(child) => f(child),
            _ => Err(ProcessLookupError.into()),
        }
    }

    /// No user code runs under this lock, so a poisoned one is as good as new.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that a child will be reaped: by a task of the loop, else by a thread.
pub(super) fn watch(child: &Arc<Child>, handle: &Handle) {
    let exit = Exit::watch(handle.reactor(), child.id);
    let watcher = Watcher {
        child: child.clone(),
        is_relieved: false,
    };
    handle.create_unlisted(watcher.watch(exit)).detach();
}

/// Who watches a child in a loop. Should the loop close first, a thread goes on.
struct Watcher {
    /// The child.
    child: Arc<Child>,
    /// A thread has gone on already.
    is_relieved: bool,
}

impl Watcher {
    async fn watch(mut self, exit: io::Result<Exit>) {
        if let Ok(exit) = exit {
            let has_ended = exit.ended().await.is_ok();
            // Whoever hears of the end finds no descriptor of the child left.
            drop(exit);
            // Where the child has a debugger, that one hears of its end first, and we may hear of
            // it before there is anything for us to reap.
            if has_ended && self.child.outcome().is_some() {
                return;
            }
        }
        self.is_relieved = is_looked_after(&self.child);
        if self.is_relieved {
            return;
        }
        // No descriptor and no thread: then it is looked at now and then.
        let [mut pause, most] = LOOKS;
        while self.child.outcome().is_none() {
            sleep(pause).await;
            pause = (pause * 2).min(most);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if !self.is_relieved {
            abandon(&self.child);
        }
    }
}

/// Sees to it that a child without a loop will be reaped.
pub(super) fn abandon(child: &Arc<Child>) {
    if !is_looked_after(child) {
        orphans().push(child.clone());
    }
}

/// Whether it has been reaped, or a thread has been started that will do so.
fn is_looked_after(child: &Arc<Child>) -> bool {
    if child.outcome().is_some() {
        return true;
    }
    let watched = child.clone();
    let watcher = thread::Builder::new()
        .name(format!("bowerbird-child-{}", child.id))
        .stack_size(64 * 1024)
        .spawn(move || reap_on_thread(&watched));
    // It is not joined: it lasts as long as the child does, which is nobody's to wait for.
    watcher.is_ok()
}

/// Looks after children that no thread could be started for.
pub(super) fn reap_orphans() {
    let left = std::mem::take(&mut *orphans());
    left.iter().for_each(abandon);
}

fn orphans() -> MutexGuard<'static, Vec<Arc<Child>>> {
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reap_on_thread(child: &Child) {
    let [mut pause, most] = LOOKS;
    // What cannot be waited for is looked at now and then.
    let _unsupported = wait_without_reaping(child.id);
    while child.outcome().is_none() {
        thread::park_timeout(pause);
        pause = (pause * 2).min(most);
    }
}

#[cfg(unix)]
fn number_of(id: u32) -> i32 {
    i32::try_from(id).expect("the system's process numbers are positive")
}

fn unknown() -> io::Error {
    io::Error::other("nobody knows how the child ended: it was reaped by somebody else")
}
