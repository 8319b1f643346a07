//! The forms in which the harness starts itself: `--child`, `--load`, `--hold` and `--count`, and
//! `--counts`, which takes none of the other switches.
//!
//! `options` calls these with what follows the first word. Users get a sentence, and no help.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Order, Seat, Turns, number};
use crate::counts;
use crate::load::{Hold, Load};
use crate::workloads::{Plan, Point};

/// `--child RUNTIME WORKLOAD [--quick] [--at SIZE WORKERS]`
pub(super) fn child(rest: &[String]) -> Result<Order, String> {
    let [runtime, workload, flags @ ..] = rest else {
        return Err("--child is for the harness itself".to_owned());
    };
    let (is_quick, flags) = match flags {
        [quick, flags @ ..] if quick == "--quick" => (true, flags),
        flags => (false, flags),
    };
    let point = match flags {
        [] => None,
        [at, size, workers] if at == "--at" => Some(Point {
            size: number(size)?,
            workers: number(workers)?,
        }),
        _ => return Err("--child takes --quick and --at, in this order".to_owned()),
    };
    Ok(Order::Child(Seat {
        runtime: runtime.clone(),
        workload: workload.clone(),
        plan: Plan { is_quick },
        point,
    }))
}

/// `--load ADDRESS CONNECTIONS SPEECH WARM_MS MEASURED_MS`
pub(super) fn load(rest: &[String]) -> Result<Order, String> {
    let [address, connections, speech, warm_ms, measured_ms] = rest else {
        return Err("--load is for the harness itself".to_owned());
    };
    Ok(Order::Load(Load {
        address: number::<SocketAddr>(address)?,
        connections: number(connections)?,
        speech: speech
            .parse()
            .map_err(|()| format!("{speech} is not spoken"))?,
        warm: Duration::from_millis(number(warm_ms)?),
        measured: Duration::from_millis(number(measured_ms)?),
    }))
}

/// `--hold ADDRESS CONNECTIONS`
pub(super) fn hold(rest: &[String]) -> Result<Order, String> {
    let [address, connections] = rest else {
        return Err("--hold is for the harness itself".to_owned());
    };
    Ok(Order::Hold(Hold {
        address: number::<SocketAddr>(address)?,
        connections: number(connections)?,
    }))
}

/// `--counts [--record]`
pub(super) fn compare(rest: &[String]) -> Result<Order, String> {
    match rest {
        [] => Ok(Order::Counts(counts::Mode::Compare)),
        [flag] if flag == "--record" => Ok(Order::Counts(counts::Mode::Record)),
        _ => Err("--counts takes --record or nothing".to_owned()),
    }
}

/// `--count LOOP TURNS`
pub(super) fn count(rest: &[String]) -> Result<Order, String> {
    let [name, turns] = rest else {
        return Err("--count is for the harness itself".to_owned());
    };
    Ok(Order::Count(Turns {
        name: name.clone(),
        turns: number(turns)?,
    }))
}
