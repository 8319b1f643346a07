//! An open file: its whole life but the bytes that flow, which are in `bytes`.
//!
//! Each method that the system may block in is a trip of its own, on `&self`; what must keep its
//! place among reads and writes goes through the tray (`tray`) and its courier (`courier`).

mod tray;

mod courier;

mod bytes;

mod positioned;

use std::fmt;
use std::fs;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bowerbird_executor::Handle;

use self::courier::Opened;
use self::tray::Tray;
use super::trip::{Trip, trip};
use super::{FileTimes, Metadata, OpenOptions, Permissions};

/// An open file, to read, write and seek in without blocking a worker.
///
/// Has the traits of `futures-io`, and inherent methods of the same names, so that simple uses
/// need no extension trait.
///
/// - **Read ahead.** A trip brings 16 KiB or more, so small reads share it. Writing, seeking,
///   `set_len` and `write_at` forget what was read ahead; what *others* do to these bytes of the
///   file is seen after a seek.
/// - **Written behind.** A write is accepted at once and on its way at once, up to 256 KiB ahead of
///   the disk; all that is accepted while a trip is under way shares the next. It is in the file
///   once [`flush`](Self::flush), [`close`](Self::close), a seek or a method on `&self` has
///   returned `Ok`.
/// - **Errors** of writing behind are told by the next call, whatever it is, once. From the first
///   byte that could not be written on, all that was accepted until then is not in the file.
/// - **Dropping** a file loses nothing: accepted bytes are written to the end, on the pool, or by
///   the thread that closes the loop. But nobody waits for that, and an error goes to the loop's
///   exception handler (without one, to stderr). Close a file to know.
/// - *Cancel:* every call can be dropped and made again. Bytes of a dropped read come with the next
///   one; bytes of a dropped `write` have been accepted, all or none; a dropped `write_all` may
///   leave a part of its bytes accepted; a dropped seek has not taken place.
/// - *Memory:* a file keeps the buffer of its largest read, 1 MiB at most, and of what it wrote.
/// - *Panics:* outside a running loop, where it would have to wait.
///
/// ```
/// use bowerbird::fs::File;
/// use std::io::SeekFrom;
///
/// # let path = std::env::temp_dir().join(format!("bowerbird-file-{}", std::process::id()));
/// # bowerbird::run(async {
/// let mut file = File::create(&path).await?;
/// file.write_all(b"hello, bird").await?;
/// file.seek(SeekFrom::Start(7)).await?;
///
/// // It was opened to write only, and says so.
/// assert!(file.read(&mut [0; 4]).await.is_err());
/// file.close().await?;
///
/// let mut bird = String::new();
/// let mut file = File::open(&path).await?;
/// file.seek(SeekFrom::Start(7)).await?;
/// file.read_to_string(&mut bird).await?;
/// assert_eq!(bird, "bird");
/// # bowerbird::fs::remove_file(&path).await
/// # }).unwrap();
/// ```
pub struct File {
    /// Shared with the courier and with trips.
    opened: Opened,
}

impl File {
    /// Opens a file to read.
    ///
    /// # Errors
    /// Those of [`std::fs::File::open`]: no such file, no permission.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> Trip<Self> {
        Self::options().read(true).open(path)
    }

    /// Opens a file to write; makes it, or empties it.
    ///
    /// # Errors
    /// Those of [`std::fs::File::create`].
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> Trip<Self> {
        let mut options = Self::options();
        options.write(true).create(true).truncate(true).open(path)
    }

    /// Makes a file, to read and write.
    ///
    /// # Errors
    /// Those of [`std::fs::File::create_new`]; `AlreadyExists` among them.
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> Trip<Self> {
        let mut options = Self::options();
        options.read(true).write(true).create_new(true).open(path)
    }

    /// How to open a file otherwise.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes over a file that std opened, at its position.
    pub fn from_std(file: fs::File) -> Self {
        file.into()
    }

    /// Back to std, when all is written and at the position of this file.
    ///
    /// # Errors
    /// Those of writing behind; the file is closed then.
    pub async fn into_std(self) -> io::Result<fs::File> {
        self.at_rest().await?;
        let opened = self.opened.clone();
        drop(self);
        trip(move || {
            opened.align()?;
            // A read or write at a position that was given up may hold it yet.
            Arc::try_unwrap(opened.file).or_else(|file| file.try_clone())
        })
        .await
    }

    /// Another handle of the open file, which shares its position.
    ///
    /// - From now on neither reads ahead, since it would read what the other one is to read.
    ///   Each writes behind by itself: flush before the other one goes on.
    ///
    /// # Errors
    /// Those of writing behind, and of [`std::fs::File::try_clone`].
    pub async fn try_clone(&self) -> io::Result<Self> {
        self.at_rest().await?;
        let opened = self.opened.clone();
        trip(move || {
            opened.align()?;
            let clone = Opened::new(opened.file.try_clone()?);
            clone.tray().is_shared = true;
            opened.tray().is_shared = true;
            Ok(Self { opened: clone })
        })
        .await
    }

    /// Has all that was written reach the disk, contents and metadata (`fsync`).
    ///
    /// # Errors
    /// Those of writing behind, and of [`std::fs::File::sync_all`].
    pub async fn sync_all(&self) -> io::Result<()> {
        self.ask(fs::File::sync_all).await
    }

    /// As [`sync_all`](Self::sync_all), without metadata that no reader needs (`fdatasync`).
    ///
    /// # Errors
    /// Those of writing behind, and of [`std::fs::File::sync_data`].
    pub async fn sync_data(&self) -> io::Result<()> {
        self.ask(fs::File::sync_data).await
    }

    /// Cuts the file off at `length` bytes, or fills it with zeros up to there. The position stays.
    ///
    /// # Errors
    /// Those of writing behind, and of [`std::fs::File::set_len`].
    pub async fn set_len(&self, length: u64) -> io::Result<()> {
        self.written().await?;
        let opened = self.opened.clone();
        trip(move || opened.change(|file| file.set_len(length))).await
    }

    /// Size, kind, times and permissions, with all that was written.
    ///
    /// # Errors
    /// Those of writing behind, and of [`std::fs::File::metadata`].
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.ask(fs::File::metadata).await
    }

    /// Changes who may do what.
    ///
    /// # Errors
    /// Those of writing behind, and of [`std::fs::File::set_permissions`].
    pub async fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.ask(|file| file.set_permissions(permissions)).await
    }

    /// Changes when it was read and changed.
    ///
    /// # Errors
    /// Those of writing behind, and of [`std::fs::File::set_times`].
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.ask(move |file| file.set_times(times)).await
    }

    /// Changes when it was changed.
    ///
    /// # Errors
    /// As [`set_times`](Self::set_times).
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Waits until all is written, and closes the file on a thread where that may block.
    ///
    /// # Errors
    /// Those of writing behind. The file is closed in any case; if a read that was given up still
    /// works on it, then with that.
    pub async fn close(self) -> io::Result<()> {
        let written = self.written().await;
        poll_fn(|cx| self.poll_unattended(cx)).await;
        let opened = self.opened.clone();
        drop(self);
        let closed = trip(move || {
            drop(opened);
            Ok(())
        });
        written.and(closed.await)
    }

    /// One trip with the file, when what was accepted before is in it.
    async fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&fs::File) -> io::Result<R> + Send + 'static,
    ) -> io::Result<R> {
        self.written().await?;
        let opened = self.opened.clone();
        trip(move || question(&opened.file)).await
    }

    /// Waits until what was accepted is in the file.
    async fn written(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll_written(cx)).await
    }

    /// Waits for the courier to let go of the file, unless a request that was given up keeps it.
    fn poll_unattended(&self, cx: &Context<'_>) -> Poll<()> {
        self.poll_tray(cx, |tray| {
            let is_left = !tray.is_served || tray.is_requested;
            is_left.then_some(())
        })
    }

    /// Waits until nobody works on the file, requests that were given up included.
    pub(crate) async fn at_rest(&self) -> io::Result<()> {
        poll_fn(|cx| {
            ready!(self.poll_written(cx))?;
            self.poll_tray(cx, |tray| (!tray.is_served).then_some(Ok(())))
        })
        .await
    }

    /// The open file, for threads that use positions of their own.
    pub(crate) fn descriptor(&self) -> Arc<fs::File> {
        self.opened.file.clone()
    }

    /// Makes `position` the place of the next read or write, of a file that is at rest.
    pub(crate) fn go_to(&self, position: u64) {
        self.opened.tray().moved_from(position);
    }

    /// [`written`](Self::written), for those who write futures.
    fn poll_written(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.poll_tray(cx, |tray| match tray.tell_failure() {
            Ok(()) => (!tray.is_unwritten()).then_some(Ok(())),
            failed => Some(failed),
        })
    }

    /// Waits until `look` finds something in the tray. It looks again once the waker has been
    /// cloned, since that is done while nothing is locked (I4).
    fn poll_tray<R>(
        &self,
        cx: &Context<'_>,
        mut look: impl FnMut(&mut Tray) -> Option<R>,
    ) -> Poll<R> {
        let found = look(&mut self.opened.tray());
        if let Some(found) = found {
            return Poll::Ready(found);
        }
        let waker = cx.waker().clone();
        let mut tray = self.opened.tray();
        let found = look(&mut tray);
        if let Some(found) = found {
            drop(tray);
            return Poll::Ready(found);
        }
        let known = tray.wait(waker);
        drop(tray);
        drop(known);
        Poll::Pending
    }
}

impl From<fs::File> for File {
    fn from(file: fs::File) -> Self {
        Self {
            opened: Opened::new(file),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let mut tray = self.opened.tray();
        tray.is_orphan = true;
        let failure = tray.failure.take();
        drop(tray);
        if let Some(error) = failure {
            courier::report(Handle::current().as_ref(), &error);
        }
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for File {
    /// What is read ahead and written behind is not seen through it.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.opened.file.as_fd()
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsHandle for File {
    /// What is read ahead and written behind is not seen through it.
    fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
        self.opened.file.as_handle()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(&self.opened.file).finish()
    }
}
