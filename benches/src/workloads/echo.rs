//! A TCP echo of 64 bytes at a time over the loopback interface.
//!
//! The server is the runtime under test, a task for each connection. The load comes from a process
//! of its own that no runtime lives in (see `load`), so that processor time here is the server's.

use std::future::Future;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;

use super::{Plan, Point, TWO};
use crate::load::{BEGIN, Outcome, REQUEST_BYTES, Speech};
use crate::meter::{Meter, Usage};
use crate::reading::Reading;
use crate::runtimes::{Runtime, Shape};
use crate::signal::oneshot;

pub(super) fn run<R: Runtime, const CONNECTIONS: usize>(plan: Plan) -> Vec<Reading> {
    let load = (Speech::Echo, CONNECTIONS);
    under_load::<R, _>(TWO, serve::<R>, load, plan)
}

/// The same with as many connections and workers as the point says.
pub(super) fn at<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    let (shape, load) = (Shape::Workers(point.workers), (Speech::Echo, point.size));
    under_load::<R, _>(shape, serve::<R>, load, plan)
}

/// What a server is like under a load: what it speaks, over so many connections.
pub(super) fn under_load<R: Runtime, S>(
    shape: Shape,
    serve: impl FnOnce(R::Listener) -> S + Send + 'static,
    load: (Speech, usize),
    plan: Plan,
) -> Vec<Reading>
where
    S: Future<Output = ()> + Send + 'static,
{
    let served = R::run(shape, async move {
        let (listener, address) = R::listen().await?;
        R::detach(R::spawn(serve(listener)));
        let (done, outcome) = oneshot();
        // A plain thread, and not the runtime's pool for blocking calls: it waits in every case.
        thread::spawn(move || done.send(drive(address, load, plan)));
        outcome.await
    });
    let (usage, outcome) = served.expect("the loopback interface works and the load runs");
    let rate = outcome.requests as f64 / usage.wall.as_secs_f64();
    vec![
        Reading::higher("rate", "requests/s", rate).with(usage, outcome.requests),
        Reading::lower("p50", "us", outcome.p50.as_secs_f64() * 1e6),
        Reading::lower("p99", "us", outcome.p99.as_secs_f64() * 1e6),
    ]
}

async fn serve<R: Runtime>(listener: R::Listener) {
    while let Ok(stream) = R::accept(&listener).await {
        R::detach(R::spawn(echo::<R>(stream)));
    }
}

async fn echo<R: Runtime>(mut stream: R::Stream) {
    let mut buffer = [0; REQUEST_BYTES];
    // An error is the client going away, as an empty read is.
    while let Ok(length @ 1..) = R::read(&mut stream, &mut buffer).await {
        if R::write_all(&mut stream, &buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Starts the load and measures this process from the load's first word to its last.
fn drive(
    address: SocketAddr,
    (speech, connections): (Speech, usize),
    plan: Plan,
) -> io::Result<(Usage, Outcome)> {
    let (warm_ms, measured_ms) = plan.pick((50, 200), (300, 1_500));
    let arguments = [
        address.to_string(),
        connections.to_string(),
        speech.name().to_owned(),
        warm_ms.to_string(),
        measured_ms.to_string(),
    ];
    let mut load = Command::new(std::env::current_exe()?)
        .arg("--load")
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = load.stdout.take().expect("it was piped above");
    let mut lines = BufReader::new(output).lines();
    let mut line = || {
        lines
            .next()
            .unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
    };
    if line()? != BEGIN {
        return Err(io::Error::other("the load did not begin"));
    }
    let meter = Meter::start();
    let outcome = line()?;
    let usage = meter.stop();
    load.wait()?;
    let outcome = outcome
        .parse()
        .map_err(|()| io::Error::other("the load's report is garbled"))?;
    Ok((usage, outcome))
}
