//! The second text's last example: a blocking call goes to a thread, and other work goes on
//! beside it.

use std::sync::mpsc::channel;
use std::time::Duration;

use bowerbird::{gather, sleep, to_thread};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

fn blocking_io(page: &Page, seconds: Duration, result: u32) -> u32 {
    say!(page, "start blocking_io");
    // Blocks for as long as nobody sends, which is for ever.
    let (_sender, receiver) = channel::<()>();
    let _timed_out = receiver.recv_timeout(seconds);
    say!(page, "blocking_io complete");
    result
}

async fn program(page: Page) {
    say!(page, "started main");
    let told = page.clone();
    let blocking = to_thread(move || blocking_io(&told, Duration::from_millis(100), 7));
    let sleeping = sleep(Duration::from_millis(50)).with_result("slept");
    let (result, slept) = gather!(blocking, sleeping).await.unwrap();
    say!(page, "[{result}, '{slept}']");
    say!(page, "finished main");
}
