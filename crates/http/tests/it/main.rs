//! What the server and the client promise, tried from outside: byte for byte, on loops of one
//! thread and of many.
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod wire;

mod protocol;

mod from_bytes;

mod smuggling;

mod hostile;

mod limits;

mod slow;

mod handlers;

mod stopping;

mod routers;

#[cfg(feature = "client")]
mod peers;

#[cfg(feature = "client")]
mod client;

#[cfg(feature = "client")]
mod client_pool;

#[cfg(feature = "client")]
mod client_time;

#[cfg(feature = "client")]
mod client_ways;

#[cfg(feature = "client")]
mod client_python;

#[cfg(all(feature = "client", feature = "ws"))]
mod client_ws;

#[cfg(all(feature = "client", feature = "compression"))]
mod client_packed;

#[cfg(all(feature = "client", feature = "tls"))]
mod client_tls;

mod layers;

mod programs;

mod under_load;

#[cfg(all(feature = "client", feature = "ws"))]
mod aiohttp;

mod limits_of_time;

#[cfg(feature = "tokio-compat")]
mod compat;

mod apps;

mod folder;

#[cfg(feature = "client")]
mod files;

#[cfg(feature = "client")]
mod directories;

mod sse;

#[cfg(feature = "client")]
mod multipart;

#[cfg(feature = "http2")]
mod http2;

#[cfg(feature = "http2")]
mod http2_ends;

#[cfg(feature = "http2")]
mod resets;

#[cfg(feature = "http2")]
mod windows;

#[cfg(feature = "tls")]
mod tls;

#[cfg(feature = "ws")]
mod ws;

#[cfg(feature = "ws")]
mod ws_stuck;

#[cfg(all(feature = "client", feature = "ws"))]
mod ws_packed;

#[cfg(feature = "tracing")]
mod access;
