//! The system's part in signals, behind one interface.
//!
//! `check` says what can be caught, `catch` adds an action to a signal's handler, `disposition` and
//! `do_default` look after what happens without one, `bell` makes a way out of a handler into an
//! event loop, `send` is the way in. Only `signals` and `children` call it.

#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "what runs inside a handler has to keep its rules, and libc's calls are unsafe to Rust"
)]
mod unix;

#[cfg(windows)]
#[expect(unsafe_code, reason = "what runs in a handler has to keep its rules")]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{
    Bell, Disposition, LAST, Registration, bell, catch, check, disposition, do_default,
};
#[cfg(unix)]
pub use unix::{end_process, numbers, send};

#[cfg(windows)]
pub(crate) use windows::{
    Bell, Disposition, LAST, Registration, bell, catch, check, disposition, do_default,
};
#[cfg(windows)]
pub use windows::{end_process, numbers, send};
