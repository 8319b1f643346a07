//! WebSocket messages of 64 bytes, said back by the server that users of each runtime take. Load
//! and measure are those of the echo.

use super::echo::under_load;
use super::{Plan, TWO};
use crate::load::Speech;
use crate::reading::Reading;
use crate::runtimes::web::{Web, routes};

pub(super) fn run<R: Web, const CONNECTIONS: usize>(plan: Plan) -> Vec<Reading> {
    let load = (Speech::Chat, CONNECTIONS);
    under_load::<R, _>(
        TWO,
        |listener| R::serve(listener, routes::<R>()),
        load,
        plan,
    )
}
