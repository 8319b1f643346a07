//! Directories: making them, and reading them in batches.
//!
//! A trip to the pool costs more than the next entry of a directory, so [`ReadDir`] takes many
//! entries a trip and hands them out one by one; [`read_dir`] itself brings the first batch. An
//! entry knows its name and nearly always its kind, so asking for these makes no trip.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird_executor::budget;
use futures_core::Stream;

use super::trip::{Trip, trip};
use super::{FileType, Metadata};

/// Entries that one trip brings at most.
const BATCH: usize = 256;

/// The entries of a directory, in the system's order, without `.` and `..`.
///
/// One trip opens the directory and brings its first entries.
///
/// # Errors
/// Those of [`std::fs::read_dir`]: no such directory, no permission, not a directory.
///
/// ```
/// # bowerbird::run(async {
/// let mut entries = bowerbird::fs::read_dir("src").await?;
/// let mut names = Vec::new();
/// while let Some(entry) = entries.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// assert!(names.contains(&"lib.rs".into()));
///
/// let file = bowerbird::fs::read_dir("Cargo.toml").await;
/// assert_eq!(file.unwrap_err().kind(), std::io::ErrorKind::NotADirectory);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> Trip<ReadDir> {
    let path = path.as_ref().to_owned();
    trip(move || {
        let Batch { entries, rest } = Batch::take(std::fs::read_dir(path)?);
        let rest = rest.map_or(Rest::Nothing, Rest::Waiting);
        Ok(ReadDir { entries, rest })
    })
}

/// What [`read_dir`] gives: a `Stream` of entries, and [`next_entry`](Self::next_entry).
///
/// - *Cancel:* an entry that is not handed out stays for the next call.
#[must_use = "streams do nothing unless polled"]
pub struct ReadDir {
    /// Entries that were brought and not handed out.
    entries: VecDeque<io::Result<DirEntry>>,
    /// How to get more.
    rest: Rest,
}

enum Rest {
    /// There are more, perhaps.
    Waiting(std::fs::ReadDir),
    /// A batch is on its way.
    UnderWay(Trip<Batch>),
    /// All have been brought.
    Nothing,
}

/// What one trip brings.
struct Batch {
    /// Some entries.
    entries: VecDeque<io::Result<DirEntry>>,
    /// Where the next ones are, unless these were the last.
    rest: Option<std::fs::ReadDir>,
}

impl Batch {
    fn take(mut directory: std::fs::ReadDir) -> Self {
        let entries: VecDeque<_> = directory
            .by_ref()
            .take(BATCH)
            .map(|entry| entry.map(DirEntry::new))
            .collect();
        let rest = (entries.len() == BATCH).then_some(directory);
        Self { entries, rest }
    }
}

impl ReadDir {
    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// Those of reading the directory; entries may follow.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_entry(cx)).await.transpose()
    }

    fn poll_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
        ready!(budget::poll_proceed(cx));
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Poll::Ready(Some(entry));
            }
            match std::mem::replace(&mut self.rest, Rest::Nothing) {
                Rest::Nothing => return Poll::Ready(None),
                Rest::Waiting(directory) => {
                    self.rest = Rest::UnderWay(trip(move || Ok(Batch::take(directory))));
                }
                Rest::UnderWay(mut under_way) => match Pin::new(&mut under_way).poll(cx) {
                    Poll::Ready(brought) => self.unpack(brought),
                    Poll::Pending => {
                        self.rest = Rest::UnderWay(under_way);
                        budget::restore();
                        return Poll::Pending;
                    }
                },
            }
        }
    }

    fn unpack(&mut self, brought: io::Result<Batch>) {
        match brought {
            Ok(Batch { entries, rest }) => {
                self.entries = entries;
                self.rest = rest.map_or(Rest::Nothing, Rest::Waiting);
            }
            Err(error) => self.entries.push_back(Err(error)),
        }
    }
}

impl Stream for ReadDir {
    type Item = io::Result<DirEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_entry(cx)
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDir")
            .field("brought", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// What is in a directory.
///
/// ```
/// # bowerbird::run(async {
/// let mut entries = bowerbird::fs::read_dir("src").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     let is_folder = entry.file_type().await?.is_dir();
///     assert_eq!(entry.metadata().await?.is_dir(), is_folder);
///     assert!(entry.path().ends_with(entry.file_name()));
/// }
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct DirEntry {
    /// Std's entry; shared with trips.
    entry: Arc<std::fs::DirEntry>,
    /// What it is, if asking went well. Nearly every file system tells it with the name.
    kind: Option<FileType>,
}

impl DirEntry {
    fn new(entry: std::fs::DirEntry) -> Self {
        let kind = entry.file_type().ok();
        let entry = Arc::new(entry);
        Self { entry, kind }
    }

    /// The directory's path, as it was given, with the entry's name.
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// Its name alone.
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// What it is, following no link. Known already, so this makes a trip only after an error.
    ///
    /// # Errors
    /// Those of [`std::fs::DirEntry::file_type`].
    pub async fn file_type(&self) -> io::Result<FileType> {
        match self.kind {
            Some(kind) => Ok(kind),
            None => {
                let entry = self.entry.clone();
                trip(move || entry.file_type()).await
            }
        }
    }

    /// Its metadata, following no link. One trip.
    ///
    /// # Errors
    /// Those of [`std::fs::DirEntry::metadata`]; `NotFound` when it was removed meanwhile.
    #[track_caller]
    pub fn metadata(&self) -> Trip<Metadata> {
        let entry = self.entry.clone();
        trip(move || entry.metadata())
    }

    /// The number of its inode.
    #[cfg(unix)]
    pub fn ino(&self) -> u64 {
        std::os::unix::fs::DirEntryExt::ino(&*self.entry)
    }
}

/// How to make directories: with those above them, and with which permissions.
///
/// ```
/// # let home = std::env::temp_dir().join(format!("bowerbird-dirs-{}", std::process::id()));
/// # bowerbird::run(async {
/// let deep = home.join("a/b/c");
/// bowerbird::fs::DirBuilder::new().recursive(true).create(&deep).await?;
/// assert!(bowerbird::fs::exists(&deep).await?);
/// # bowerbird::fs::remove_dir_all(&home).await
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    /// Make those above it, too, and do not mind if it exists.
    is_recursive: bool,
    /// Permissions, less the process's mask; the system's own without.
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// One directory, with the system's usual permissions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to make the directories above it as well; then it may exist.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.is_recursive = recursive;
        self
    }

    /// Permissions of what is made, less the process's mask; 0o777 unless told otherwise.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    /// Those of [`std::fs::DirBuilder::create`].
    #[track_caller]
    pub fn create(&self, path: impl AsRef<Path>) -> Trip<()> {
        let path = path.as_ref().to_owned();
        let builder = self.to_std();
        trip(move || builder.create(path))
    }

    fn to_std(&self) -> std::fs::DirBuilder {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.is_recursive);
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        }
        builder
    }
}
