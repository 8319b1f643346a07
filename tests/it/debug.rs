//! asyncio's debug mode: slow polls and callbacks, and who turns it on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::{EventLoop, Level, Report, create_task, get_running_loop};

use crate::alone::{alone, alone_with};
use crate::loops::{each_builder, on_each};

/// From when on these tests take something for slow.
const SLOW: Duration = Duration::from_millis(20);

/// A report, as far as these tests look at it.
#[derive(Debug, Clone)]
struct Seen {
    level: Level,
    message: String,
    task: Option<String>,
    file: Option<&'static str>,
    took: Option<Duration>,
    is_callback: bool,
}

fn watch(event_loop: &EventLoop) -> Arc<Mutex<Vec<Seen>>> {
    let all = Arc::new(Mutex::new(Vec::new()));
    let sink = all.clone();
    event_loop.set_exception_handler(Some(move |report: &Report| {
        sink.lock().unwrap().push(Seen {
            level: report.level,
            message: report.message.clone(),
            task: report.task.as_ref().map(|task| task.name().to_string()),
            file: report.location().map(|location| location.file()),
            took: report.took,
            is_callback: report.callback.is_some(),
        });
    }));
    all
}

/// Keeps the thread busy for five times as long: a busy machine makes other polls slow too, but not
/// as slow as this.
fn dawdle(event_loop: &EventLoop) {
    let end = event_loop.time() + 5 * SLOW;
    while event_loop.time() < end {
        std::hint::spin_loop();
    }
}

/// Reports of what was slow for as long as `dawdle` takes.
fn dawdlers(seen: &Mutex<Vec<Seen>>) -> Vec<Seen> {
    let mut seen = seen.lock().unwrap().clone();
    seen.retain(|seen| seen.took.is_some_and(|took| took >= 5 * SLOW));
    seen
}

fn slow_loops() -> impl Iterator<Item = bowerbird::Builder> {
    let slow = |builder: bowerbird::Builder| builder.debug(true).slow_callback_duration(SLOW);
    each_builder().into_iter().map(slow)
}

#[test]
fn a_slow_poll_is_reported_with_name_place_and_time() {
    on_each(slow_loops(), |event_loop| {
        let seen = watch(&event_loop);
        let own = event_loop.clone();
        let ran = event_loop.run_until_complete(async move {
            let task = create_task(async move { dawdle(&own) });
            task.set_name("dawdler");
            task.await.unwrap();
        });
        ran.unwrap();
        event_loop.close().unwrap();
        let seen = dawdlers(&seen);
        let [slow] = &seen[..] else {
            panic!("one poll was slow: {seen:?}")
        };
        assert_eq!(slow.level, Level::Warning);
        assert_eq!(slow.task.as_deref(), Some("dawdler"));
        assert_eq!(slow.file, Some(file!()));
        assert!(slow.took.unwrap() >= SLOW, "{slow:?}");
        assert!(
            slow.message.starts_with("Executing dawdler took 0."),
            "{slow:?}"
        );
    });
}

#[test]
fn a_slow_callback_is_reported_once_and_as_what_it_is() {
    on_each(slow_loops(), |event_loop| {
        let seen = watch(&event_loop);
        let own = event_loop.clone();
        event_loop.call_soon(|| {});
        event_loop.call_soon(move || dawdle(&own));
        event_loop.run_until_complete(async {}).unwrap();
        event_loop.close().unwrap();
        let seen = dawdlers(&seen);
        let [slow] = &seen[..] else {
            panic!("one callback was slow: {seen:?}")
        };
        assert!(slow.is_callback && slow.task.is_none(), "{slow:?}");
        assert_eq!((slow.level, slow.file), (Level::Warning, Some(file!())));
        assert!(slow.took.unwrap() >= SLOW, "{slow:?}");
    });
}

#[test]
fn a_slow_main_future_is_reported() {
    on_each(slow_loops(), |event_loop| {
        let seen = watch(&event_loop);
        let own = event_loop.clone();
        event_loop
            .run_until_complete(async move { dawdle(&own) })
            .unwrap();
        assert_eq!(dawdlers(&seen).len(), 1);
    });
}

#[test]
fn debug_mode_is_turned_on_and_off_while_the_loop_runs() {
    on_each(each_builder(), |event_loop| {
        event_loop.set_debug(false);
        assert!(!event_loop.get_debug());
        assert_eq!(
            event_loop.slow_callback_duration(),
            Duration::from_millis(100)
        );
        event_loop.set_slow_callback_duration(SLOW);
        let seen = watch(&event_loop);
        let ran = event_loop.run_until_complete(async {
            let slow = async || {
                let own = get_running_loop().unwrap();
                let task = create_task(async move { dawdle(&own) });
                task.set_name("dawdler");
                let location = task.handle().location();
                task.await.unwrap();
                location.is_some()
            };
            let own = get_running_loop().unwrap();
            let before = slow().await;
            own.set_debug(true);
            assert!(own.get_debug());
            let between = slow().await;
            own.set_debug(false);
            (before, between, slow().await)
        });
        assert_eq!(ran.unwrap(), (false, true, false));
        // The machine may have stopped another poll for as long.
        let mut dawdlers = dawdlers(&seen);
        dawdlers.retain(|seen| seen.task.as_deref() == Some("dawdler"));
        assert_eq!(dawdlers.len(), 1);
    });
}

#[test]
fn the_environment_turns_debug_mode_on_unless_the_program_says_otherwise() {
    let name = "debug::the_environment_turns_debug_mode_on_unless_the_program_says_otherwise";
    alone_with(name, &[("BOWERBIRD_DEBUG", "1")], || {
        assert!(EventLoop::new_current_thread().unwrap().get_debug());
        let without = EventLoop::builder().debug(false).build().unwrap();
        assert!(!without.get_debug());
    });
}

#[test]
fn an_environment_that_says_no_leaves_debug_mode_off() {
    let name = "debug::an_environment_that_says_no_leaves_debug_mode_off";
    alone_with(name, &[("BOWERBIRD_DEBUG", "0")], || {
        assert!(!EventLoop::new_current_thread().unwrap().get_debug());
    });
}

#[test]
fn without_an_environment_debug_mode_is_off() {
    let name = "debug::without_an_environment_debug_mode_is_off";
    alone(name, || {
        assert!(!EventLoop::new_current_thread().unwrap().get_debug());
    });
}
