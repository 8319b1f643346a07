//! The second text's first example: an asynchronous generator, and a coroutine that goes
//! through it.
//!
//! Here an asynchronous generator is a `Stream`; `unfold` makes one of a future for each value.

use bowerbird::yield_now;
use futures_lite::StreamExt;
use futures_lite::stream::{Stream, unfold};

use crate::page::Page;
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

fn numbers(end: u32) -> impl Stream<Item = u32> {
    unfold(0, move |number| async move {
        yield_now().await;
        (number < end).then_some((number, number + 1))
    })
}

async fn program(page: Page) {
    let mut all = std::pin::pin!(numbers(3));
    while let Some(number) = all.next().await {
        say!(page, "got {number}");
    }
    let squares: Vec<u32> = numbers(4).map(|number| number * number).collect().await;
    say!(page, "{squares:?}");
}
