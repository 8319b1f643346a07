//! A part on its way to the disk: a file that is there only once it is whole. Used by parts.

use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use bowerbird::fs::File;
use bowerbird::{get_running_loop, to_thread};
use futures_io::AsyncWrite;

/// A file that is removed unless it is finished.
#[derive(Debug)]
pub(super) struct Saving {
    file: Option<File>,
    /// Where it is; gone when it may stay.
    path: Option<PathBuf>,
}

impl Saving {
    /// Where nothing was before.
    pub(super) async fn new(path: &Path) -> io::Result<Self> {
        let path = path.to_owned();
        // In one call: a file that was made for somebody who has gone is removed, and nobody
        // else's.
        let made = to_thread(move || {
            let mut options = std::fs::OpenOptions::new();
            let file = options.write(true).create_new(true).open(&path)?;
            Ok(Self {
                file: Some(File::from(file)),
                path: Some(path),
            })
        });
        made.await.map_err(io::Error::other)?
    }

    pub(super) fn file(&mut self) -> &mut File {
        self.file
            .as_mut()
            .expect("it is there until it is finished")
    }

    /// Lets it stay, once all has been written.
    pub(super) async fn finish(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            file.close().await?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        // Before its name: Windows keeps files that are open.
        self.file = None;
        let Some(path) = self.path.take() else {
            return;
        };
        let remove = move || {
            // Whoever has dropped it does not listen; and it may have been taken away already.
            let _removed = std::fs::remove_file(path);
        };
        if get_running_loop().is_ok() {
            drop(to_thread(remove));
        } else {
            remove();
        }
    }
}

pub(super) async fn write_all<W>(writer: &mut W, mut bytes: &[u8]) -> io::Result<()>
where
    W: AsyncWrite + Unpin + ?Sized,
{
    while !bytes.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *writer).poll_write(cx, bytes)).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
    }
    Ok(())
}

pub(super) async fn flush<W>(writer: &mut W) -> io::Result<()>
where
    W: AsyncWrite + Unpin + ?Sized,
{
    poll_fn(|cx| Pin::new(&mut *writer).poll_flush(cx)).await
}
