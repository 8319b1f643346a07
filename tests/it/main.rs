//! The promises of bowerbird's public API, a module per area of asyncio. Nothing private is used:
//! what cannot be tested from here, a user cannot rely on.
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]
#![cfg_attr(
    not(target_os = "linux"),
    allow(
        unused_imports,
        reason = "some tests are for Linux alone, and their imports for all"
    )
)]

mod loops;

mod contract;

mod alone;

mod bell;

mod runners;

mod events;

mod callbacks;

mod reports;

mod debug;

mod graph;

mod tasks;

mod scheduler_model;

mod from_bytes;

mod cancelling;

mod catching;

mod gather;

mod shield;

mod wait;

mod as_completed;

mod wait_for;

mod timeouts;

mod taskgroups;

mod every_await;

mod sleep;

mod futures;

mod threads;

mod contextvars;

mod eager;

mod net;

mod net_faults;

mod net_fds;

mod net_options;

mod net_peers;

#[cfg(unix)]
mod socket_peers;

mod net_udp;

mod folder;

mod net_unix;
mod sendfile;

mod fs;

mod files;

#[cfg(unix)]
mod files_model;
mod peers;

mod streams;

mod certificates;

mod tls;

mod tls_peers;

mod tls_roots;

mod faults;

mod scarcity;

mod injection;

mod costs;

mod signals;

mod ctrl_c;

mod subprocess;

#[cfg(unix)]
mod subprocess_stops;

#[cfg(unix)]
mod subprocess_streams;

mod endings;

mod macros;
