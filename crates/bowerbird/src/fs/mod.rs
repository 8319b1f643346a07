//! Files and directories, off the workers: `std::fs` with `await`. asyncio has none.
//!
//! The kernel has no "not ready" for files: a read from a cold disk blocks its thread. So every
//! call here is one **trip**: a [`Trip`] carries the whole of it to a thread for blocking calls
//! ([`to_thread`](crate::to_thread)'s pool) and its result back. [`read`] is one trip, however many
//! system calls `std::fs::read` makes. Chain calls of your own into one with `to_thread`.
//!
//! - Names, arguments and errors are std's. Errors keep their kind and their code.
//! - Nothing happens before the first poll, and any number of calls run at once, up to
//!   `Builder::max_blocking_threads`; the others wait for a thread.
//! - *Cancel:* a call that still waits for a thread never starts. One that has begun runs to its
//!   end, whoever awaits it: `rename` happens or not, never half.
//! - On a loop that closes, what waits for a thread is an error of kind `NotConnected` with
//!   [`LoopError::Closed`](crate::LoopError::Closed) inside.
//! - *Panics:* outside a running loop.
//!
//! A [`File`] reads ahead and writes behind, so that small reads and writes share their trips.
//! What opens late, as a pipe without a writer, keeps its thread until it does.
//!
//! ```
//! use bowerbird::fs;
//!
//! # fn main() -> std::io::Result<()> {
//! # let home = std::env::temp_dir().join(format!("bowerbird-fs-{}", std::process::id()));
//! bowerbird::run(async {
//!     fs::create_dir_all(&home).await?;
//!     fs::write(home.join("greeting"), "hello").await?;
//!     assert_eq!(fs::read_to_string(home.join("greeting")).await?, "hello");
//!     fs::remove_dir_all(&home).await
//! })
//! # }
//! ```

mod trip;

mod paths;

mod dir;

mod options;

mod file;

pub use dir::{DirBuilder, DirEntry, ReadDir, read_dir};
pub use file::File;
pub use options::OpenOptions;
#[cfg(unix)]
pub use paths::symlink;
pub use paths::{
    canonicalize, copy, create_dir, create_dir_all, exists, hard_link, metadata, read, read_link,
    read_to_string, remove_dir, remove_dir_all, remove_file, rename, set_permissions,
    symlink_metadata, try_exists, write,
};
#[cfg(windows)]
pub use paths::{symlink_dir, symlink_file};
pub use trip::Trip;
pub(crate) use trip::trip;

/// Std's own, since they hold what is known already and ask nobody.
pub use std::fs::{FileTimes, FileType, Metadata, Permissions};
