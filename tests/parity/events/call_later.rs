//! Timers fire by their times, whatever the order of the calls; a cancelled one never.

use std::time::Duration;

use bowerbird::{get_running_loop, sleep};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let event_loop = get_running_loop().unwrap();
    let print = |text: &'static str| {
        let page = page.clone();
        move || say!(page, "{text}")
    };
    for (millis, name) in [(90, "c"), (10, "a"), (50, "b")] {
        event_loop.call_later(Duration::from_millis(millis), print(name));
    }
    let never = event_loop.call_later(Duration::from_millis(30), print("never"));
    let when = event_loop.time() + Duration::from_millis(70);
    let timer = event_loop.call_at(when, print("at its time"));
    say!(page, "when {}", truth(timer.when() == when));
    never.cancel();
    event_loop.call_soon(print("soon"));
    sleep(Duration::from_millis(150)).await;
}
