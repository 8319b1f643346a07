//! A request that comes after the end changes nothing.

use bowerbird::{create_task, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn program(page: Page) {
    let task = create_task(async { "value" });
    yield_now().await;
    say!(page, "done {}", truth(task.is_done()));
    let accepted = task.cancel();
    say!(
        page,
        "cancel {} requests {}",
        truth(accepted),
        task.cancelling()
    );
    say!(page, "{}", task.await.unwrap());
}
