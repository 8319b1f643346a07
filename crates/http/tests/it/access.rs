//! The access log, as whoever listens to it has it.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use bowerbird::{EventLoop, Flavor};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::wire::Served;

/// Writes down what the access log tells in one thread, a line for each answer.
#[derive(Clone)]
struct Listening {
    thread: ThreadId,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Listening {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "bowerbird_http::access"
    }

    fn event(&self, event: &Event<'_>) {
        if thread::current().id() == self.thread {
            let mut line = Line::default();
            event.record(&mut line);
            self.lines.lock().unwrap().push(line.0);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // What differs from run to run is only said to be there.
        match field.name() {
            name @ ("peer" | "micros") => write!(self.0, "{name} "),
            name => write!(self.0, "{name}={value:?} "),
        }
        .unwrap();
    }
}

#[test]
fn each_answer_is_told_to_who_listens() {
    let listening = Listening {
        thread: thread::current().id(),
        lines: Arc::default(),
    };
    // For the whole process: had another test's thread told something first, while this one alone
    // listened, nobody would ever be asked again whether they do.
    tracing::subscriber::set_global_default(listening.clone()).unwrap();
    let builder = EventLoop::builder().flavor(Flavor::CurrentThread);
    let event_loop = builder.build().unwrap();
    let talk = async {
        let served = Served::plain().await;
        let mut client = served.client().await;
        client.get("/fine?q=1").await;
        client.get("/error").await;
        drop(client);
        served.stop().await;
    };
    event_loop.run_until_complete(talk).unwrap();
    event_loop.close().unwrap();
    assert_eq!(
        *listening.lines.lock().unwrap(),
        [
            "peer method=GET uri=/fine?q=1 version=HTTP/1.1 status=200 bytes=10 micros ",
            "peer method=GET uri=/error version=HTTP/1.1 status=500 bytes=0 micros ",
        ]
    );
}
