//! A promise gives clones of one value to whoever awaits it, on any thread.

use std::cell::Cell;

fn main() {
    bowerbird::run(async {
        let promise = bowerbird::Promise::new();
        promise.set_result(Cell::new(1)).unwrap();
    });
}
