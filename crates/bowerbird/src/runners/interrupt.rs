//! Ctrl-C during a run. asyncio: `runners.py`, `Runner._on_sigint`.
//!
//! The first one cancels the main future, which may clean up. If that ends cancelled, by nobody
//! else, the run was interrupted; if it has a value all the same, that is the run's. The second one
//! ends the process at once, whatever the loop is doing: the system's own handler sees to it.
//!
//! Only a run on the main thread takes Ctrl-C, and only where it would end the process otherwise: a
//! program that handles it by itself, or was told to ignore it, is left alone.

use std::cell::OnceCell;
use std::future::Future;
use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};
use std::thread;

use bowerbird_executor::Handle;
use bowerbird_io::signals::{Asked, Interrupts, end_process, numbers};

use crate::exceptions::LoopError;
use crate::tasks::{Task, TaskRef, current_task};

/// A run's treatment of Ctrl-C; when it drops, Ctrl-C does what it did before.
pub(super) struct CtrlC {
    /// The claim to it.
    interrupts: Interrupts,
    /// The task that stands for the main future, once that has been polled.
    main: OnceCell<TaskRef>,
    /// Whether it could be cancelled, once it was asked to end.
    was_told: Arc<OnceLock<bool>>,
}

impl CtrlC {
    /// Claims Ctrl-C for a run on this thread; `None` where it is not the run's business.
    pub(super) fn arm(handle: &Handle) -> io::Result<Option<(Self, Asked)>> {
        if thread::current().name() != Some("main") {
            return Ok(None);
        }
        let armed = Interrupts::arm(handle.reactor())?;
        Ok(armed.map(|(interrupts, asked)| {
            let ctrl_c = Self {
                interrupts,
                main: OnceCell::new(),
                was_told: Arc::default(),
            };
            (ctrl_c, asked)
        }))
    }

    /// `main`, which is cancelled when Ctrl-C asks for it.
    pub(super) async fn watch<F: Future>(
        &self,
        handle: Handle,
        asked: Asked,
        main: F,
    ) -> F::Output {
        let me = current_task().expect("a main future has a task that stands for it");
        let me = self.main.get_or_init(|| me).clone();
        let was_told = self.was_told.clone();
        let telling = async move {
            // An error means that the loop closes, and then nothing is left to be told.
            if asked.await.is_ok() {
                was_told.get_or_init(|| me.cancel());
            }
        };
        let _until_the_end = Telling(handle.create_unlisted(telling));
        main.await
    }

    /// What the run comes to, from what the main future came to.
    pub(super) fn outcome<T>(self, ended: Result<T, LoopError>) -> Result<T, LoopError> {
        if !self.interrupts.is_asked() {
            return ended;
        }
        // Whoever tells it may be in the midst of that on another worker: this waits for the end
        // of it, and whoever has not begun comes too late.
        let is_told = *self.was_told.get_or_init(|| false);
        let is_alone = self.main.get().is_none_or(|main| main.cancelling() <= 1);
        match ended {
            // It came when nothing was left to cancel, and must not be lost.
            Ok(_) if !is_told => Err(LoopError::Interrupted),
            Err(LoopError::Cancelled) if is_alone => Err(LoopError::Interrupted),
            ended => ended,
        }
    }
}

/// The task that waits for Ctrl-C; it ends with the main future.
struct Telling(Task<()>);

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Ends the process as one that Ctrl-C has ended, so that whoever started it knows.
pub(super) fn end_interrupted() -> ! {
    // What was printed is for somebody to read, and nobody is left to complain to.
    let _flushed = io::stdout().flush();
    end_process(numbers::INT)
}
