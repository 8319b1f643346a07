//! A thread sees its caller's variables; what it sets does not come back; the loop goes on
//! meanwhile.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use bowerbird::{ContextVar, sleep, to_thread};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

static USER: ContextVar<&str> = ContextVar::new("user");

fn work(page: &Page, begin: &Receiver<()>) -> thread::ThreadId {
    begin.recv().unwrap();
    say!(page, "thread sees {}", USER.get().unwrap());
    USER.set("thread");
    thread::current().id()
}

async fn program(page: Page) {
    USER.set("main");
    let (begin, begun) = channel();
    let worker = page.clone();
    let task = to_thread(move || work(&worker, &begun));
    sleep(Duration::from_millis(10)).await;
    say!(page, "the loop goes on");
    begin.send(()).unwrap();
    let is_main = task.await.unwrap() == thread::current().id();
    say!(page, "on the main thread {}", truth(is_main));
    say!(page, "main sees {}", USER.get().unwrap());
}
