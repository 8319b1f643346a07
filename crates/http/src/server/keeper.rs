//! What is left of a connection that HTTP has left behind: a seat to be waited for, its share of
//! the limits, and the word that the server stops. Used by handlers whose client has gone, and by
//! whatever speaks another protocol, or goes on until the server stops.

use std::future::Future;
use std::sync::Arc;

use super::roll::Pass;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Keeper(Arc<Pass>);

impl Keeper {
    pub(super) fn new(pass: Arc<Pass>) -> Self {
        Self(pass)
    }

    /// Makes a task that the server waits for.
    pub(crate) fn start<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let pass = self.0.clone();
        self.0.roll().start(async move {
            // The connection counts for as long as somebody uses it.
            let _pass = pass;
            work.await;
        });
    }

    /// Waits until the server is to stop.
    pub(crate) async fn stopping(&self) {
        self.0.roll().stopping().await;
    }
}
