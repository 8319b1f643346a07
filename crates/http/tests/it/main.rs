//! What the server promises, tried from outside: byte for byte, on loops of one thread and of many.
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod wire;

mod protocol;

mod limits;

mod handlers;

mod stopping;

mod routers;

#[cfg(feature = "http2")]
mod http2;

#[cfg(feature = "tls")]
mod tls;
