//! The workloads that compare what users of each runtime take for the web. [`super::catalogue`]
//! asks the runtime for them; one that has nothing of its own there has the same names without
//! readings.

use super::{Workload, axum_json, http_client, websocket};
use crate::runtimes::bowerbird::Bowerbird;
use crate::runtimes::web::Web;

/// All of them, in the order of the table.
pub(crate) fn catalogue<R: Web>() -> Vec<Workload> {
    let of = |name, run| Workload { name, run };
    vec![
        of("axum_json_64", axum_json::run::<R, 64>),
        of("axum_json_256", axum_json::run::<R, 256>),
        of("http_client_1", http_client::run::<R, 1>),
        of("http_client_64", http_client::run::<R, 64>),
        of("websocket_64", websocket::run::<R, 64>),
    ]
}

/// The same names, with nothing behind them.
pub(crate) fn nothing() -> Vec<Workload> {
    let without = |workload: Workload| Workload {
        run: |_| Vec::new(),
        ..workload
    };
    catalogue::<Bowerbird>().into_iter().map(without).collect()
}
