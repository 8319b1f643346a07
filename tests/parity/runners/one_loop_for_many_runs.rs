//! A runner runs many things on one loop; what one leaves behind goes on in the next.

use std::time::Duration;

use bowerbird::{Flavor, Runner, create_task, sleep, yield_now};

use crate::page::{Page, panic_of, truth};
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn work(page: Page) {
    say!(page, "work begins");
    sleep(Duration::from_millis(10)).await;
    say!(page, "work ends");
}

async fn begin(page: Page) -> &'static str {
    create_task(work(page)).detach();
    yield_now().await;
    "begun"
}

fn program(page: Page) {
    let builder = Runner::builder().flavor(Flavor::CurrentThread);
    let mut runner = builder.build().unwrap();
    let event_loop = runner.event_loop().clone();
    say!(page, "{}", runner.run(begin(page.clone())));
    runner.run(sleep(Duration::from_millis(30)));
    // Which loop it is cannot change, since there is no other one to be had.
    say!(
        page,
        "the same loop True closed {}",
        truth(event_loop.is_closed())
    );
    runner.close();
    say!(page, "closed {}", truth(event_loop.is_closed()));
    say!(page, "{}", panic_of(|| runner.run(async {})));
}
