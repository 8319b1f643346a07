//! What the Rust program of a pair prints on: its own page, not the process's output, so that
//! pairs run side by side.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

/// Clones are the same page.
#[derive(Clone, Default)]
pub(crate) struct Page(Arc<Mutex<String>>);

impl Page {
    /// Adds a line.
    pub(crate) fn line(&self, line: impl Display) {
        let mut text = self.0.lock().unwrap();
        text.push_str(&line.to_string());
        text.push('\n');
    }

    pub(crate) fn into_text(self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Python's `print`, with a page to print on and Rust's way to format.
macro_rules! say {
    ($page:expr, $($text:tt)+) => { $page.line(format_args!($($text)+)) };
}

/// A `bool` as Python prints it.
pub(crate) fn truth(is: bool) -> &'static str {
    if is { "True" } else { "False" }
}

/// What `misuse` panics with: in Python it raises a `RuntimeError` of these words.
pub(crate) fn panic_of<T>(misuse: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(misuse)).err().unwrap();
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}
