//! events: `EventLoop`, `Builder`, `get_running_loop`.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bowerbird::{
    EventLoop, Flavor, Handle, LoopError, Metrics, NoRunningLoop, Promise, Report, Task,
    TimerHandle, WorkerMetrics, create_task, get_running_loop,
};

use super::{LONG, SHORT, is_error};

#[test]
fn loops_are_made_in_three_ways() -> io::Result<()> {
    let many: io::Result<EventLoop> = EventLoop::new();
    let one = EventLoop::new_current_thread()?;
    let built = EventLoop::builder().build()?;
    assert!(many? != one && one != built && built == built.clone());
    Ok(())
}

#[test]
fn every_knob_turns() -> io::Result<()> {
    let hooks = Arc::new(Mutex::new(Vec::new()));
    let (started, stopped) = (hooks.clone(), hooks.clone());
    let event_loop = EventLoop::builder()
        .flavor(Flavor::MultiThread)
        .worker_threads(2)
        .max_blocking_threads(1)
        .thread_name("contract")
        .thread_keep_alive(SHORT)
        .debug(true)
        .slow_callback_duration(LONG)
        .on_thread_start(move || started.lock().unwrap().push("start"))
        .on_thread_stop(move || stopped.lock().unwrap().push("stop"))
        .build()?;
    assert!(event_loop.get_debug());
    assert_eq!(event_loop.slow_callback_duration(), LONG);
    event_loop.close().unwrap();
    assert_eq!(*hooks.lock().unwrap(), ["start", "stop"]);
    let none = EventLoop::builder().worker_threads(0).build();
    assert_eq!(none.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    let single = EventLoop::builder().flavor(Flavor::CurrentThread).build()?;
    assert_eq!(single.metrics().workers.len(), 1);
    Ok(())
}

#[test]
fn a_loop_lives_as_asyncios_does() -> io::Result<()> {
    let event_loop = EventLoop::new()?;
    let borrowed = Rc::new(RefCell::new(0));
    let output: Result<i32, LoopError> = event_loop.run_until_complete(async {
        *borrowed.borrow_mut() += 1;
        let here = get_running_loop().unwrap();
        assert!(here.is_running());
        assert!(matches!(here.run_forever(), Err(LoopError::AlreadyRunning)));
        assert!(matches!(here.close(), Err(LoopError::Running)));
        *borrowed.borrow()
    });
    assert_eq!(output.unwrap(), 1);
    let stopper = event_loop.clone();
    event_loop.call_soon(move || stopper.stop());
    let ended: Result<(), LoopError> = event_loop.run_forever();
    ended.unwrap();
    assert!(!event_loop.is_running() && !event_loop.is_closed());
    let closed: Result<(), LoopError> = event_loop.close();
    closed.unwrap();
    event_loop.close().unwrap();
    assert!(event_loop.is_closed());
    let refused = event_loop.run_until_complete(async {}).unwrap_err();
    is_error(&refused, "event loop is closed");
    is_error(
        &LoopError::AlreadyRunning,
        "this event loop is already running",
    );
    Ok(())
}

#[test]
fn outside_a_loop_there_is_none() {
    let none: Result<EventLoop, NoRunningLoop> = get_running_loop();
    assert!(none.is_err());
}

#[test]
fn a_stopped_run_leaves_a_lent_task_to_the_next_one() -> io::Result<()> {
    let event_loop = EventLoop::new_current_thread()?;
    let promise: Promise<i32> = event_loop.create_future::<i32>();
    let mut task: Task<i32> = event_loop.create_task({
        let promise = promise.clone();
        async move { promise.await.unwrap() }
    });
    let stopper = event_loop.clone();
    event_loop.call_soon(move || stopper.stop());
    let stopped = event_loop.run_until_complete(&mut task);
    assert!(matches!(stopped, Err(LoopError::Stopped)));
    promise.set_result(5).unwrap();
    assert_eq!(event_loop.run_until_complete(task).unwrap().unwrap(), 5);
    Ok(())
}

#[test]
fn tasks_come_from_any_thread_and_local_ones_stay() -> io::Result<()> {
    let event_loop = EventLoop::new()?;
    let door = event_loop.clone();
    let other = std::thread::spawn(move || {
        let mut task = door.create_task(async { 3 });
        task.blocking_result(None).unwrap().unwrap()
    });
    let shared = Rc::new(4);
    let local: Task<i32> = event_loop.create_local_task(async move { *shared });
    assert_eq!(event_loop.run_until_complete(local).unwrap().unwrap(), 4);
    event_loop
        .run_until_complete(async {
            while !other.is_finished() {
                bowerbird::sleep(SHORT).await
            }
        })
        .unwrap();
    assert_eq!(other.join().unwrap(), 3);
    Ok(())
}

#[test]
fn callbacks_come_in_order() -> io::Result<()> {
    for event_loop in [EventLoop::new()?, EventLoop::new_current_thread()?] {
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |number: i32| {
            let order = order.clone();
            move || order.lock().unwrap().push(number)
        };
        let soon: Handle = event_loop.call_soon(note(1));
        let _threadsafe: Handle = event_loop.call_soon_threadsafe(note(2));
        let never = event_loop.call_soon(note(99));
        assert!(never.cancel() && never.is_cancelled() && !soon.is_cancelled());
        let when: Instant = event_loop.time() + SHORT;
        let later: TimerHandle = event_loop.call_at(when, note(3));
        let _equal = event_loop.call_at(when, note(4));
        assert_eq!(later.when(), when);
        let late = event_loop.call_later(LONG, note(99));
        assert!(late.cancel() && late.is_cancelled());
        let stopper = event_loop.clone();
        event_loop.call_later(SHORT * 3, move || stopper.stop());
        event_loop.run_forever().unwrap();
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4]);
    }
    Ok(())
}

#[test]
fn blocking_calls_have_threads_of_their_own() -> io::Result<()> {
    let event_loop = EventLoop::new()?;
    let here = std::thread::current().id();
    let there = event_loop.run_in_executor(|| std::thread::current().id());
    assert_ne!(event_loop.run_until_complete(there).unwrap().unwrap(), here);
    Ok(())
}

#[test]
fn reports_go_to_the_handler() -> io::Result<()> {
    let event_loop = EventLoop::new()?;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = heard.clone();
    event_loop.set_exception_handler(Some(move |report: &Report| {
        sink.lock().unwrap().push(report.message.clone());
    }));
    event_loop.call_exception_handler(&Report::new("told"));
    assert_eq!(*heard.lock().unwrap(), ["told"]);
    assert!(event_loop.get_exception_handler().is_some());
    event_loop.set_exception_handler(None::<fn(&Report)>);
    event_loop.set_debug(true);
    event_loop.set_slow_callback_duration(LONG);
    assert!(event_loop.get_debug());
    Ok(())
}

#[test]
fn metrics_are_per_worker_and_in_sum() -> io::Result<()> {
    let event_loop = EventLoop::builder().worker_threads(2).build()?;
    event_loop
        .run_until_complete(async { create_task(async {}).await })
        .unwrap()
        .unwrap();
    let metrics: Metrics = event_loop.metrics();
    assert_eq!(metrics.workers.len(), 2);
    let total: WorkerMetrics = metrics.total();
    assert!(total.polls >= 1);
    let _numbers: [u64; 5] = [
        total.polls,
        total.steals,
        total.parks,
        total.io_events,
        total.timers_fired,
    ];
    let _sizes: [usize; 6] = [
        total.queue_depth,
        metrics.alive_tasks,
        metrics.injector_depth,
        metrics.timers,
        metrics.blocking_threads,
        metrics.blocking_depth,
    ];
    Ok(())
}

#[cfg(unix)]
#[test]
fn descriptors_and_signals_have_callbacks() -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    let event_loop = EventLoop::new()?;
    let (ours, mut theirs) = UnixStream::pair()?;
    let called = Arc::new(Mutex::new(0));
    let (reader, writer) = (called.clone(), called.clone());
    let (door, closed) = (event_loop.clone(), event_loop.clone());
    event_loop.add_reader(&ours, move || {
        *reader.lock().unwrap() += 1;
        door.stop();
    })?;
    event_loop.add_writer(&theirs, move || *writer.lock().unwrap() += 1)?;
    theirs.write_all(b"x")?;
    event_loop.run_forever().unwrap();
    assert!(*called.lock().unwrap() >= 1);
    assert!(event_loop.remove_reader(&ours) && !event_loop.remove_reader(&ours));
    assert!(event_loop.remove_writer(&theirs) && !event_loop.remove_writer(&theirs));
    event_loop.add_signal_handler(bowerbird::signal::SIGUSR2, move || closed.stop())?;
    assert!(event_loop.remove_signal_handler(bowerbird::signal::SIGUSR2));
    assert!(!event_loop.remove_signal_handler(bowerbird::signal::SIGUSR2));
    Ok(())
}
