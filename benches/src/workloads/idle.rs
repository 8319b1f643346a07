//! What a process costs that only waits: 10,000 connections nobody writes to, and 10,000 timers
//! none of which is due for an hour.
//!
//! The other ends of the connections are held by a process of its own (see `load::hold`). A thread
//! of no runtime measures: a timer of the runtime's would be a cause to wake up.

use std::io;
use std::thread;
use std::time::Duration;

use super::{Plan, TWO};
use crate::load::Holder;
use crate::meter::{Meter, Usage, pause, thread_switches, thread_time};
use crate::reading::Reading;
use crate::runtimes::Runtime;
use crate::signal::{Countdown, oneshot};

/// A runtime may spin for a moment before it rests; that is not what this is about.
const SETTLING: Duration = Duration::from_millis(200);

static UNSTARTED: Countdown = Countdown::new();

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    let count = plan.pick(1_000, 10_000);
    let length = plan.pick(Duration::from_millis(200), Duration::from_secs(3));
    let measured = R::run(TWO, async move {
        fill_with_timers::<R>(count).await;
        let (listener, address) = R::listen().await?;
        let peers = Holder::start(address, count)?;
        for _ in 0..count {
            greet::<R>(R::accept(&listener).await?).await?;
        }
        let (done, usage) = oneshot();
        thread::spawn(move || done.send(watched(length)));
        let usage = usage.await;
        peers.stop()?;
        io::Result::Ok(usage)
    });
    let usage = measured.expect("there are descriptors enough, and the loopback interface works");
    let seconds = usage.wall.as_secs_f64();
    vec![
        Reading::lower("processor", "us/s", usage.cpu.as_secs_f64() * 1e6 / seconds),
        Reading::lower("sleeps of threads", "/s", usage.switches as f64 / seconds),
    ]
}

async fn fill_with_timers<R: Runtime>(count: usize) {
    UNSTARTED.reset(count);
    for _ in 0..count {
        R::detach(R::spawn(async {
            UNSTARTED.tick();
            R::sleep(Duration::from_secs(3_600)).await;
        }));
    }
    UNSTARTED.zero().await;
}

/// Tells the peer that it was accepted, and leaves a task behind that waits for it.
async fn greet<R: Runtime>(mut stream: R::Stream) -> io::Result<()> {
    R::write_all(&mut stream, &[0]).await?;
    R::detach(R::spawn(async move {
        R::read(&mut stream, &mut [0]).await.map(drop)
    }));
    Ok(())
}

/// What all threads but this one use in such a time.
fn watched(length: Duration) -> Usage {
    pause(SETTLING);
    let switches = thread_switches();
    let meter = Meter::start();
    let cpu = thread_time();
    pause(length);
    let own_cpu = thread_time().saturating_sub(cpu);
    let mut usage = meter.stop();
    let own_switches = thread_switches().saturating_sub(switches);
    usage.cpu = usage.cpu.saturating_sub(own_cpu);
    usage.switches = usage.switches.saturating_sub(own_switches);
    usage
}
