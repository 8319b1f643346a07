//! To a `wait` for the first failure, a member that is cancelled is none.

use std::future::pending;
use std::time::Duration;

use bowerbird::{ReturnWhen, create_task, get_running_loop, sleep, wait};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let mut members = [
        create_task(pending::<()>()),
        create_task(sleep(Duration::from_millis(30))),
    ];
    let victim = members[0].handle();
    let cancel = move || {
        let _is_in_time = victim.cancel();
    };
    let event_loop = get_running_loop().unwrap();
    event_loop.call_later(Duration::from_millis(10), cancel);
    let waiting = wait(&mut members).return_when(ReturnWhen::FirstException);
    let (done, pending) = waiting.await;
    let lengths = (done.len(), pending.len());
    let cancelled = truth(members[0].is_cancelled());
    say!(page, "{} {} {cancelled}", lengths.0, lengths.1);
}
