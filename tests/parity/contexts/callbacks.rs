//! A callback sees the variables of whoever handed it in, as they were at the call.

use std::time::Duration;

use bowerbird::{ContextVar, create_task, get_running_loop, sleep, yield_now};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

static STEP: ContextVar<&str> = ContextVar::new("step");

fn tell(page: &Page, name: &'static str) {
    say!(page, "{name} sees {}", STEP.get_or("unset"));
    STEP.set(name);
}

async fn program(page: Page) {
    let event_loop = get_running_loop().unwrap();
    let (soon, later, done) = (page.clone(), page.clone(), page.clone());
    STEP.set("first");
    event_loop.call_soon(move || tell(&soon, "soon"));
    event_loop.call_later(Duration::from_millis(200), move || tell(&later, "later"));
    let task = create_task(yield_now());
    task.add_done_callback(move |_| tell(&done, "done"));
    STEP.set("second");
    task.await.unwrap();
    sleep(Duration::from_millis(400)).await;
    say!(page, "main sees {}", STEP.get().unwrap());
}
