//! Permits go out in the order of asking; a cancelled waiter loses none; too many back is an error.

use std::sync::Arc;

use bowerbird::{BoundedSemaphore, Semaphore, create_task, wait, yield_now};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

async fn work(page: Page, semaphore: Arc<Semaphore>, name: char) {
    let permit = semaphore.acquire().await;
    say!(page, "{name} begins");
    yield_now().await;
    yield_now().await;
    say!(page, "{name} ends");
    drop(permit);
}

async fn program(page: Page) {
    let semaphore = Arc::new(Semaphore::new(2));
    let names = ['a', 'b', 'c', 'd', 'e'];
    let mut tasks = names.map(|name| create_task(work(page.clone(), semaphore.clone(), name)));
    yield_now().await;
    say!(page, "locked {}", truth(semaphore.is_locked()));
    tasks[2].cancel();
    wait(&mut tasks).await;
    say!(page, "locked {}", truth(semaphore.is_locked()));
    let bounded = BoundedSemaphore::new(1);
    bounded.acquire().await.forget();
    bounded.release().unwrap();
    if bounded.release().is_err() {
        say!(page, "released too often");
    }
}
