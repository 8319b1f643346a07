//! What nobody else can be told: asyncio's exception handler and its default.

use std::future::pending;
use std::sync::{Arc, Mutex};

use bowerbird::{EventLoop, Level, Report, create_task, to_thread, yield_now};

use crate::alone::told_alone;
use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, on_each};

/// Reports of a loop, as texts.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Vec<String>>>);

impl Book {
    /// Sends the reports of `event_loop` here from now on.
    pub(crate) fn open(event_loop: &EventLoop) -> Self {
        let book = Self::default();
        let sink = book.clone();
        event_loop.set_exception_handler(Some(move |report: &Report| {
            sink.0.lock().unwrap().push(report.to_string());
        }));
        book
    }

    pub(crate) fn read(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Those with `text` in them.
    pub(crate) fn with(&self, text: &str) -> usize {
        self.read()
            .iter()
            .filter(|report| report.contains(text))
            .count()
    }
}

#[test]
fn a_panic_that_nobody_can_see_is_reported_once() {
    on_each(each_builder(), |event_loop| {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = reports.clone();
        event_loop.set_exception_handler(Some(move |report: &Report| {
            sink.lock().unwrap().push(report.to_string());
        }));
        let reported = event_loop.run_until_complete(async {
            create_task(async { panic!("unheard") }).detach();
            let heard = create_task(async { panic!("heard") }).await;
            assert!(heard.is_err());
            while reports.lock().unwrap().is_empty() {
                yield_now().await;
            }
        });
        reported.unwrap();
        event_loop.close().unwrap();
        let reports = reports.lock().unwrap();
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(reports[0].contains("unheard"), "{reports:?}");
    });
}

#[test]
fn an_exception_handler_that_panics_harms_nobody() {
    on_each(each_builder(), |event_loop| {
        let called = Bell::default();
        let ring = called.clone();
        event_loop.set_exception_handler(Some(move |_: &Report| {
            ring.ring();
            panic!("the handler's own");
        }));
        let survived = event_loop.run_until_complete(async {
            create_task(async { panic!("unheard") }).detach();
            called.rung().await;
            create_task(async { 5 }).await.unwrap()
        });
        assert_eq!(survived, Ok(5));
    });
}

#[test]
fn a_task_that_the_closing_loop_drops_is_reported_once_unless_somebody_holds_it() {
    on_each(each_builder(), |event_loop| {
        let book = Book::open(&event_loop);
        let begun: [Bell; 3] = Default::default();
        let rings = begun.clone();
        let held = event_loop.run_until_complete(async move {
            let [first, second, third] = rings;
            let lost = create_task(async move {
                first.ring();
                pending::<()>().await;
            });
            lost.set_name("lost");
            lost.detach();
            let local = bowerbird::create_local_task(async move {
                second.ring();
                pending::<()>().await;
            });
            local.set_name("local");
            local.detach();
            let held = create_task(async move {
                third.ring();
                pending::<()>().await;
            });
            for bell in &begun {
                bell.rung().await;
            }
            held
        });
        let unborn = event_loop.create_task(async {});
        unborn.set_name("unborn");
        unborn.detach();
        event_loop.close().unwrap();
        let reports = book.read();
        assert_eq!(reports.len(), 3, "{reports:?}");
        assert_eq!(book.with("Task was destroyed but it is pending!"), 3);
        for name in ["lost", "local", "unborn"] {
            assert_eq!(book.with(&format!("task {name} (")), 1, "{reports:?}");
        }
        assert!(held.unwrap().is_done());
        event_loop.close().unwrap();
        drop(event_loop);
        assert_eq!(book.read().len(), 3);
    });
}

#[test]
fn an_error_as_a_value_is_no_report_and_neither_is_a_cancelled_task() {
    on_each(each_builder(), |event_loop| {
        let book = Book::open(&event_loop);
        let dropped = Tally::default();
        let counted = Counted(dropped.clone());
        let ran = event_loop.run_until_complete(async {
            let valued = create_task(async { Err::<(), _>("a value") });
            let is_valued = valued.handle();
            valued.detach();
            let task = create_task(async move {
                let _counted = counted;
                pending::<()>().await;
            });
            yield_now().await;
            task.cancel();
            task.detach();
            while dropped.count() == 0 || !is_valued.is_done() {
                yield_now().await;
            }
        });
        ran.unwrap();
        event_loop.close().unwrap();
        assert_eq!(book.read(), Vec::<String>::new());
    });
}

#[test]
fn a_panic_of_a_blocking_call_that_nobody_awaits_is_reported() {
    on_each(each_builder(), |event_loop| {
        let book = Book::open(&event_loop);
        let ran = event_loop.run_until_complete(async {
            to_thread(|| panic!("in a thread")).detach();
            while book.read().is_empty() {
                yield_now().await;
            }
        });
        ran.unwrap();
        assert_eq!(book.with("in a thread"), 1);
    });
}

#[test]
fn users_report_what_they_like_and_handlers_can_be_looked_at_and_taken_away() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let book = Book::open(&event_loop);
    let error = std::io::Error::other("no route");
    let report = Report::warning("cannot connect").with_error(error);
    let report = report.with_source("pool of 3");
    assert_eq!(report.level, Level::Warning);
    event_loop.call_exception_handler(&report);
    assert_eq!(book.read(), ["cannot connect, in pool of 3: no route"]);
    let handler = event_loop.get_exception_handler().unwrap();
    event_loop.set_exception_handler(None::<fn(&Report)>);
    assert!(event_loop.get_exception_handler().is_none());
    handler.call(&Report::new("by hand"));
    assert_eq!(book.read().len(), 2);
}

#[test]
fn without_a_handler_reports_are_lines_on_stderr() {
    let name = "reports::without_a_handler_reports_are_lines_on_stderr";
    let told = told_alone(name, &[], || {
        let event_loop = EventLoop::new_current_thread().unwrap();
        event_loop.call_exception_handler(&Report::new("nobody listens"));
    });
    let Some(lines) = told else { return };
    assert!(lines.contains("bowerbird: nobody listens\n"), "{lines}");
}

#[test]
fn when_a_handler_panics_the_default_tells_both() {
    let name = "reports::when_a_handler_panics_the_default_tells_both";
    let told = told_alone(name, &[], || {
        let event_loop = EventLoop::new_current_thread().unwrap();
        event_loop.set_exception_handler(Some(|_: &Report| panic!("the handler's own")));
        event_loop.call_exception_handler(&Report::new("the first"));
    });
    let Some(told) = told else { return };
    let line = told.lines().find(|line| line.starts_with("bowerbird: "));
    let line = line.unwrap_or_else(|| panic!("no report: {told}"));
    assert!(
        line.contains("Unhandled error in exception handler"),
        "{line}"
    );
    assert!(
        line.contains("the handler's own") && line.contains("the first"),
        "{line}"
    );
}
