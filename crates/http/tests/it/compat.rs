//! What needs tokio finds it: on loops that are inside of it, and around single futures elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bowerbird::{EventLoop, Flavor, create_task, gather};
use bowerbird_http::compat;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

use crate::wire::inside_each;

/// Uses all of tokio that asks for a context.
async fn probe() {
    let limit = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>());
    assert!(limit.await.is_err());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let echo = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = [0; 8];
        stream.read_exact(&mut question).await.unwrap();
        stream.write_all(&question).await.unwrap();
    });
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"question").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"question");
    echo.await.unwrap();
    let blocked = tokio::task::spawn_blocking(|| 6 * 7);
    assert_eq!(blocked.await.unwrap(), 42);
}

/// Runs `main` on loops of one thread and of many, inside of tokio.
fn run_on_each<T>(main: impl AsyncFn() -> T) -> Vec<T> {
    let pool = |workers| EventLoop::builder().worker_threads(workers);
    let single = EventLoop::builder().flavor(Flavor::CurrentThread);
    let builders = [single, pool(1), pool(2), pool(8)];
    let outputs = builders.map(|builder| compat::run_on(builder, main()).unwrap());
    outputs.into()
}

#[test]
fn the_main_future_and_every_task_of_a_run_find_tokio() {
    run_on_each(async || {
        probe().await;
        gather((0..20).map(|_| probe())).await.unwrap();
        // Threads for blocking calls are threads of the loop, too.
        let there = bowerbird::to_thread(Handle::try_current).await;
        assert!(there.unwrap().is_ok());
    });
}

#[test]
fn single_futures_find_tokio_on_any_loop() {
    inside_each(async || {
        compat::tokio(probe()).await;
        let tasks = (0..20).map(|_| compat::tokio(probe()));
        gather(tasks).await.unwrap();
        assert!(Handle::try_current().is_err());
    });
}

/// Without which the tests above would prove nothing.
#[test]
fn elsewhere_there_is_none() {
    inside_each(async || {
        let error = create_task(async { tokio::time::sleep(Duration::ZERO).await }).await;
        assert!(error.unwrap_err().is_panic());
    });
}

#[test]
fn what_is_there_already_is_used() {
    let outer = tokio::runtime::Builder::new_current_thread();
    let outer = { outer }.enable_all().build().unwrap();
    let entered = outer.enter();
    let id = outer.handle().id();
    let ids = run_on_each(async || {
        let in_task = create_task(compat::tokio(async { Handle::current().id() }));
        (in_task.await.unwrap(), Handle::current().id())
    });
    assert!(ids.into_iter().all(|found| found == (id, id)));
    // It was not ended with the loops.
    drop(entered);
    assert_eq!(
        outer.block_on(async { tokio::spawn(async { 1 }).await.unwrap() }),
        1
    );
}

/// Tells when it is dropped, and whether tokio was there.
struct Note(Sender<bool>);

impl Drop for Note {
    fn drop(&mut self) {
        let _heard = self.0.send(Handle::try_current().is_ok());
    }
}

fn note() -> (Note, Receiver<bool>) {
    let (sender, receiver) = channel();
    (Note(sender), receiver)
}

#[test]
fn tasks_of_tokio_end_with_the_run() {
    let ends = run_on_each(async || {
        let (note, dropped) = note();
        tokio::spawn(async move {
            let _note = note;
            std::future::pending::<()>().await;
        });
        dropped
    });
    for dropped in ends {
        assert!(dropped.try_recv().is_ok());
    }
}

#[test]
fn a_panic_of_main_ends_tokio_too() {
    let (note, dropped) = note();
    let run = AssertUnwindSafe(move || {
        compat::run(async move {
            tokio::spawn(async move {
                let _note = note;
                std::future::pending::<()>().await;
            });
            panic!("on purpose");
        })
    });
    let panic = catch_unwind(run).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "on purpose");
    assert!(dropped.try_recv().is_ok());
}

#[test]
fn destructors_of_single_futures_find_tokio() {
    inside_each(async || {
        let (note, dropped) = note();
        let task = create_task(compat::tokio(async move {
            let _note = note;
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }));
        bowerbird::sleep(Duration::from_millis(1)).await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(dropped.try_recv(), Ok(true));
    });
}
