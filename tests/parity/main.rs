//! The same small programs twice: in Python's asyncio, and here, on a loop of one thread. Both must
//! print the text that is checked in beside them, line by line.
//!
//! A pair is three files: `NAME.py`, `NAME.rs` and `NAME.expected`, in a folder per area of
//! asyncio. A Python program that opens with `# Since 3.13: …` shows behaviour of that version: an
//! older Python is not asked, and the text alone is compared. `BOWERBIRD_PYTHON` names another
//! Python than `python3`; where there is none, the test says so and compares with the text alone,
//! unless `BOWERBIRD_REQUIRE_PEERS=1`.
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

#[macro_use]
mod page;

mod pair;

mod python;

mod runners;

mod events;

mod tasks;

mod cancelling;

mod waiting;

mod taskgroups;

mod timeouts;

mod futures;

mod contexts;

mod locks;

mod queues;

mod streams;

#[cfg(unix)]
mod subprocess;

mod seeds;
