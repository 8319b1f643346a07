//! The beginning and the end of a program that serves, and handlers whose clients have gone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::{Event, create_task, yield_now};
use bowerbird_http::{App, Server, service_fn};

use crate::wire::{Client, Served, answer, held, inside_each};

/// What was done, in order.
type Done = Arc<Mutex<Vec<&'static str>>>;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Notes what is done, and fails where it is told to.
fn note(done: &Done, what: &'static str) -> Result<(), Failure> {
    done.lock().unwrap().push(what);
    if what.contains("fails") {
        return Err(what.into());
    }
    Ok(())
}

#[test]
fn hooks_run_in_order_and_ends_in_reverse() {
    inside_each(async || {
        let done = Done::default();
        let hook = |what| {
            let done = done.clone();
            async move || note(&done, what)
        };
        let context = |begin, end| {
            let done = done.clone();
            async move || {
                note(&done, begin)?;
                Ok(async move || note(&done, end))
            }
        };
        let app = App::new(service_fn(answer))
            .cleanup_ctx(context("open a", "close a"))
            .on_startup(hook("start"))
            .on_cleanup(hook("clean"))
            .cleanup_ctx(context("open b", "close b"))
            .on_shutdown(hook("leave"))
            .on_shutdown(hook("leave again"));
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let stop = hook("stop");
        let stop = stop();
        app.run_until(server, stop).await.unwrap();
        let done = done.lock().unwrap().clone();
        assert_eq!(
            done,
            [
                "open a",
                "start",
                "open b",
                "stop",
                "leave",
                "leave again",
                "close b",
                "clean",
                "close a"
            ]
        );
    });
}

#[test]
fn what_was_begun_is_ended_when_a_later_beginning_fails() {
    inside_each(async || {
        let done = Done::default();
        let (first, second, third) = (done.clone(), done.clone(), done.clone());
        let app = App::new(service_fn(answer))
            .cleanup_ctx(async move || {
                note(&first, "open")?;
                Ok(async move || note(&first, "close fails"))
            })
            .on_startup(async move || note(&second, "start fails"))
            .on_cleanup(async move || note(&third, "never"));
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let error = app.run_until(server, std::future::pending::<()>()).await;
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "start fails (and 1 more)");
        assert_eq!(
            *done.lock().unwrap(),
            ["open", "start fails", "close fails"]
        );
    });
}

#[test]
fn shutdown_hooks_run_while_requests_are_under_way() {
    inside_each(async || {
        let (here, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let let_go = go.clone();
        let app = App::new(service_fn(held(here.clone(), go))).on_shutdown(async move || {
            let_go.set();
            Ok(())
        });
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let addr = server.local_addrs()[0];
        let stop = here.clone();
        let running = create_task(async move {
            let stop = async { stop.wait().await };
            app.run_until(server, stop).await
        });
        let mut client = Client(bowerbird::net::TcpStream::connect(addr).await.unwrap());
        assert_eq!(client.get("/").await.body, "at last");
        assert_eq!(running.await.unwrap().unwrap().cancelled, 0);
    });
}

#[test]
fn a_handler_goes_on_when_its_client_has_gone() {
    inside_each(async || {
        let (here, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let served = Served::new(service_fn(held(here.clone(), go.clone())), |server| {
            server.shutdown_timeout(Duration::from_secs(30))
        })
        .await;
        let mut client = served.client().await;
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        here.wait().await;
        drop(client);
        served.begin_to_stop();
        // The server waits for it, although nobody else does.
        let stopping = create_task(served.stop());
        for _ in 0..1_000 {
            yield_now().await;
        }
        assert!(!stopping.is_done());
        go.set();
        assert_eq!(stopping.await.unwrap().cancelled, 0);
    });
}

#[test]
fn on_demand_it_is_cancelled() {
    inside_each(async || {
        let (here, never) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), never.clone()));
        let served = Served::new(handler, |server| server.handler_cancellation(true)).await;
        let mut client = served.client().await;
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        here.wait().await;
        drop(client);
        // What the handler held is gone: it never ends by itself.
        let stopped = bowerbird::timeout(Duration::from_secs(15), served.stop()).await;
        assert_eq!(stopped.unwrap().cancelled, 0);
        assert_eq!(Arc::strong_count(&never), 1);
    });
}
