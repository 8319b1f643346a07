//! What is left at the end of a run is cancelled, and may clean up with awaits.

use std::future::pending;
use std::time::Duration;

use bowerbird::{Flavor, Runner, create_task, finally, sleep, yield_now};

use crate::page::Page;
use crate::pair::pair_without_loop;

#[test]
fn same() {
    pair_without_loop(module_path!(), program);
}

async fn work(page: Page) {
    let cleanup = async {
        sleep(Duration::from_millis(10)).await;
        say!(page, "cleaned up");
    };
    finally(pending::<()>(), cleanup).await;
}

fn program(page: Page) {
    let builder = Runner::builder().flavor(Flavor::CurrentThread);
    let mut runner = builder.build().unwrap();
    let result = runner.run(async {
        let kept = [(); 2].map(|()| create_task(work(page.clone())));
        yield_now().await;
        say!(page, "main ends with {} left", kept.len());
        "result"
    });
    runner.close();
    say!(page, "{result}");
}
