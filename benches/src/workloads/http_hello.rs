//! A page of one line over HTTP/1.1, by hyper on each runtime: the same protocol code, so that what
//! differs is the runtime's. Load and measure are those of the echo.

use super::echo::under_load;
use super::{Plan, TWO};
use crate::load::Speech;
use crate::reading::Reading;
use crate::runtimes::Runtime;

pub(super) fn run<R: Runtime, const CONNECTIONS: usize>(plan: Plan) -> Vec<Reading> {
    let load = (Speech::Http, CONNECTIONS);
    under_load::<R, _>(TWO, serve::<R>, load, plan)
}

async fn serve<R: Runtime>(listener: R::Listener) {
    while let Ok(stream) = R::accept(&listener).await {
        R::detach(R::spawn(R::serve_http(stream)));
    }
}
