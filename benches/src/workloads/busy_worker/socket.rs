//! A socket that becomes readable 1 ms after a worker got busy.
//!
//! As with the timer, the worker gets busy in a task that the reactor has just woken.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Flag, Plan, REST, Runtime, TWO, Trial, is_still, keep_busy, summarise, trials};
use crate::meter::{Meter, now, pause};
use crate::reading::Reading;

/// When the worker gets busy.
const FIRST: Duration = Duration::from_millis(2);
/// How long after that the byte is sent.
const LATER: Duration = Duration::from_millis(1);

pub(crate) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    let measured = R::run(TWO, async move {
        let (listener, address) = R::listen().await?;
        let mut peer = Peer::start(TcpStream::connect(address)?);
        let mut stream = R::accept(&listener).await?;
        let mut found = Vec::new();
        let meter = Meter::start();
        for _ in 0..trials(plan) {
            R::sleep(REST).await;
            let (trial, back) = trial::<R>(stream, &mut peer).await?;
            found.push(trial);
            stream = back;
        }
        let readings = summarise(&found, meter);
        drop(stream);
        peer.stop();
        io::Result::Ok(readings)
    });
    measured.expect("the loopback interface works")
}

async fn trial<R: Runtime>(
    mut stream: R::Stream,
    peer: &mut Peer,
) -> io::Result<(Trial, R::Stream)> {
    let is_busy = Flag::default();
    let flag = is_busy.clone();
    let cue = peer.cue.clone().expect("the peer is stopped last");
    let busy = R::spawn(async move {
        R::sleep(FIRST).await;
        cue.send(()).expect("the peer listens until it is stopped");
        keep_busy(&flag)
    });
    let reader = R::spawn(async move {
        let read = R::read(&mut stream, &mut [0]).await;
        let (served, is_in_time) = (now(), is_still(&is_busy));
        read.map(|_| (served, is_in_time, stream))
    });
    let busy = R::join(busy).await;
    let (served, is_in_time, stream) = R::join(reader).await?;
    let sent = peer.sent.recv().expect("the peer reports each byte");
    Ok((
        Trial {
            is_in_time,
            delay: served.saturating_duration_since(sent),
            busy,
        },
        stream,
    ))
}

/// A thread at the other end of the connection.
struct Peer {
    /// Asks for a byte; `None` once stopped.
    cue: Option<mpsc::Sender<()>>,
    /// When each byte was sent.
    sent: mpsc::Receiver<Instant>,
    /// To be joined.
    thread: Option<thread::JoinHandle<()>>,
}

impl Peer {
    fn start(mut stream: TcpStream) -> Self {
        let (cue, cues) = mpsc::channel();
        let (report, sent) = mpsc::channel();
        let thread = thread::spawn(move || {
            for () in cues {
                pause(LATER);
                let time = now();
                // A failure shows at the other end: there the trial waits for this report.
                if stream.write_all(&[0]).is_err() || report.send(time).is_err() {
                    return;
                }
            }
        });
        Self {
            cue: Some(cue),
            sent,
            thread: Some(thread),
        }
    }

    fn stop(&mut self) {
        self.cue = None;
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the peer does not panic");
        }
    }
}
