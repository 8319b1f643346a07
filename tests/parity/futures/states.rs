//! A future is set once; looking at it too early, or setting it twice, is an error.

use std::io;

use bowerbird::{Promise, PromiseError};

use crate::page::{Page, truth};
use crate::pair::pair;

#[test]
fn same() {
    pair(module_path!(), program);
}

fn name(error: &PromiseError) -> &'static str {
    match error {
        PromiseError::Cancelled(_) => "CancelledError",
        PromiseError::Failed(_) => "ValueError",
        _ => "InvalidStateError",
    }
}

fn tell_result(page: &Page, promise: &Promise<u32>) {
    match promise.result() {
        Ok(value) => say!(page, "result {value}"),
        Err(error) => say!(page, "result {}", name(&error)),
    }
}

async fn program(page: Page) {
    for end in ["set_result", "set_exception", "cancel"] {
        let promise = Promise::new();
        tell_result(&page, &promise);
        say!(page, "{end}");
        match end {
            "set_result" => promise.set_result(7).unwrap(),
            "set_exception" => promise.set_exception(io::Error::other("broken")).unwrap(),
            _ => assert!(promise.cancel()),
        }
        say!(page, "done {}", truth(promise.is_done()));
        say!(page, "cancelled {}", truth(promise.is_cancelled()));
        tell_result(&page, &promise);
        match promise.exception() {
            Ok(None) => say!(page, "exception None"),
            Ok(Some(error)) => assert_eq!(error.to_string(), "broken"),
            Err(error) => say!(page, "exception {}", name(&error)),
        }
        say!(page, "cancel {}", truth(promise.cancel()));
        if promise.set_result(8).is_err() {
            say!(page, "set twice");
        }
    }
}
