//! Requests that a future keeps while it waits for what it has asked to end.
//!
//! Used by futures of the library that own a [`Catcher`](super::Catcher). Unlike a user's
//! [`Cancelled`], which is refused when it is dropped, these go on outwards: nobody has decided.

use std::mem;

use super::Cancelled;

/// Any number of requests, usually none or one; see the module.
#[derive(Debug, Default)]
pub struct Requests(Vec<Cancelled>);

impl Requests {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn push(&mut self, cancelled: Cancelled) {
        self.0.push(cancelled);
    }

    /// Whether none has come.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was asked to end has ended: the requests go on outwards from here.
    pub fn pass_on(&mut self) {
        self.0.drain(..).for_each(Cancelled::pass_on);
    }

    /// What was asked to end went on all the same.
    pub fn refuse(&mut self) {
        self.0.clear();
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        mem::take(&mut self.0)
            .into_iter()
            .for_each(Cancelled::hand_back);
    }
}
