//! The signal handlers of a loop: held here until they are removed or the loop closes.
//!
//! What one consists of is the facade's business; to the loop it is a value whose drop ends it.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use bowerbird_core::locked::Guarded;

use crate::error::LoopError;
use crate::handle::Handle;
use crate::sync::ranks;

/// A handler; dropping it ends it.
pub type SignalHandler = Box<dyn Any + Send>;

/// See the module.
pub(crate) struct SignalHandlers {
    /// By signal number; `None` once the loop has closed.
    held: Mutex<Option<BTreeMap<i32, SignalHandler>>>,
}

impl Default for SignalHandlers {
    fn default() -> Self {
        Self {
            held: Mutex::new(Some(BTreeMap::new())),
        }
    }
}

impl Handle {
    /// Holds the handler of a signal, and gives back the one it replaces.
    ///
    /// # Errors
    /// `LoopError::Closed` on a closed loop; the handler is dropped.
    pub fn hold_signal_handler(
        &self,
        number: i32,
        handler: SignalHandler,
    ) -> Result<Option<SignalHandler>, LoopError> {
        match &mut *self.0.signal_handlers.lock() {
            Some(held) => Ok(held.insert(number, handler)),
            None => Err(LoopError::Closed),
        }
    }

    /// Gives back the handler of a signal.
    pub fn release_signal_handler(&self, number: i32) -> Option<SignalHandler> {
        let mut held = self.0.signal_handlers.lock();
        held.as_mut().and_then(|held| held.remove(&number))
    }
}

impl SignalHandlers {
    /// Ends all of them, for a loop that closes.
    pub(crate) fn clear(&self) {
        let held = self.lock().take();
        drop(held);
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, Option<BTreeMap<i32, SignalHandler>>>> {
        Guarded::take(ranks::SIGNALS, || {
            self.held.lock().expect("nothing under this lock can panic")
        })
    }
}

impl fmt::Debug for SignalHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.lock();
        let signals = held.iter().flat_map(|held| held.keys());
        f.debug_set().entries(signals).finish()
    }
}
