//! HTTP on hyper, for bowerbird: a server for everything that tower calls a service, a client as
//! aiohttp has it, and what lets hyper and the libraries around it run on bowerbird's loop.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bowerbird_http::{Incoming, Server, http, service_fn};
//!
//! async fn hello(_: http::Request<Incoming>) -> Result<http::Response<String>, Infallible> {
//!     Ok(http::Response::new("hello, world\n".to_owned()))
//! }
//!
//! # bowerbird::run(async {
//! let server = Server::bind("localhost:0").await?;
//! # let ctrl_c = bowerbird::sleep(std::time::Duration::from_millis(1));
//! # let _ = stringify! {
//! let ctrl_c = bowerbird::ctrl_c();
//! # };
//! server.serve_until(service_fn(hello), ctrl_c).await;
//! # std::io::Result::Ok(())
//! # }).unwrap();
//! ```
//!
//! | aiohttp | here |
//! |---|---|
//! | `web.run_app`, `AppRunner`, `TCPSite`, `UnixSite`, `SockSite` | [`Server`] |
//! | `web.Application`, routes, middlewares | any `tower::Service`: an axum `Router`, say |
//! | its `on_startup`, `on_shutdown`, `on_cleanup`, `cleanup_ctx`; `run_app` | [`App`] |
//! | a handler | [`service_fn`] |
//! | `await request.read()`, `client_max_size` | [`read_body`] |
//! | `await request.multipart()` | [`multipart`] |
//! | `web.FileResponse`, `add_static` | [`files`], [`App::add_static`] |
//! | `aiohttp-sse`'s `EventSourceResponse` | [`sse`] |
//! | `web.WebSocketResponse`, `ClientWebSocketResponse` | [`ws`] |
//! | `request.remote` | [`Peer`] among a request's extensions |
//! | `ClientSession` and all around it | [`client`] |
//! | `aiohttp.test_utils` | [`testing`] |
//! | none | [`timeout`]: limits of time, as layers of tower |
//! | none | `compat`: libraries that need tokio, with the feature `tokio-compat` |
//! | none | [`rt`]: for a hyper stack of one's own |
//!
//! hyper brings the `tokio` crate into the tree for a few types of its `sync` module. None of its
//! runtime is built, unless the feature `tokio-compat` asks for it: no threads, no sockets, no
//! timers but bowerbird's.

#![forbid(unsafe_code)]

mod server;

mod app;

mod service;

mod body;

pub mod files;

pub mod sse;

pub mod multipart;

mod percent;

#[cfg(feature = "client")]
pub mod client;

#[cfg(feature = "client")]
pub mod testing;

#[cfg(feature = "ws")]
pub mod ws;

pub mod timeout;

pub mod rt;

#[cfg(feature = "tokio-compat")]
pub mod compat;

pub use app::{App, AppError, stop_signal};
pub use body::{BODY_LIMIT, BodyError, read_body};
#[cfg(feature = "client")]
pub use client::{ClientError, ClientSession, ClientTimeout};
pub use hyper::body::Incoming;
pub use server::{ALPN, Listener, Peer, Server, Stopped};
pub use service::{ServiceFn, service_fn};
pub use {bytes, http, hyper};
