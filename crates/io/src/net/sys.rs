//! What systems disagree on about sockets: one file each for Unix and Windows, with the same names.

#[cfg(unix)]
mod unix;

#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{SCARCITY, UNKNOWN_FAMILY};
#[cfg(unix)]
pub use unix::{bind_device, peer_cred, set_reuse_port};

#[cfg(windows)]
pub(super) use windows::{SCARCITY, UNKNOWN_FAMILY};
#[cfg(windows)]
pub use windows::{bind_device, set_reuse_port};
