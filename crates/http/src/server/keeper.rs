//! What a connection that left HTTP behind still has of its server: a seat to be waited for, its
//! share of the limits, and the word that the server stops. Made for each request that asks for
//! another protocol; used by whatever speaks that.

use std::future::Future;
use std::sync::Arc;

use super::roll::Pass;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Keeper(pub(super) Arc<Pass>);

impl Keeper {
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
