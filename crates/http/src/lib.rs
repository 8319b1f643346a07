//! HTTP on hyper, for bowerbird: what lets hyper and the libraries around it run on its loop.
//!
//! | wanted | here |
//! |---|---|
//! | hyper itself, for a stack of one's own | [`rt`]: [`rt::Io`], [`rt::Timer`], [`rt::Executor`] |
//!
//! hyper brings the `tokio` crate into the tree for a few types of its `sync` module. None of its
//! runtime is built: no threads, no sockets, no timers but bowerbird's.

#![forbid(unsafe_code)]

pub mod rt;
