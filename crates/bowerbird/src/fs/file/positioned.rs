//! Reading and writing at a position: on `&File`, any number at once, each a trip of its own.
//!
//! They leave the file's position alone on Unix. On Windows the system moves it, so a seek has to
//! come before the next read or write without one.

use std::io::{self, ErrorKind};

use super::File;
use crate::fs::trip::trip;

/// Bytes that one trip takes at most.
const AT_ONCE: usize = 8 << 20;

impl File {
    /// Reads at `offset` bytes from the start: how many bytes, zero at the end or for an empty
    /// buffer; at most 8 MiB, in one trip.
    ///
    /// - The position stays. (Windows moves it: seek before the next `read` there.)
    /// - *Cancel:* nothing is lost, since nothing moves.
    ///
    /// # Errors
    /// Those of writing behind, and of `pread`: `NotSeekable` for what has no positions.
    ///
    /// ```
    /// # bowerbird::run(async {
    /// let file = bowerbird::fs::File::open("Cargo.toml").await?;
    /// let (mut first, mut second) = ([0; 4], [0; 4]);
    /// let both = futures_lite::future::try_zip(
    ///     file.read_exact_at(&mut first, 1),
    ///     file.read_exact_at(&mut second, 5),
    /// );
    /// both.await?;
    /// assert_eq!([first, second].concat(), b"package]");
    ///
    /// let beyond = file.read_exact_at(&mut [0], 1 << 40).await;
    /// assert_eq!(beyond.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub async fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.written().await?;
        let opened = self.opened.clone();
        let length = buffer.len().min(AT_ONCE);
        let bytes = trip(move || {
            let mut bytes = vec![0; length];
            let length = bowerbird_io::files::read_at(&opened.file, &mut bytes, offset)?;
            bytes.truncate(length);
            Ok(bytes)
        })
        .await?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// Fills `buffer` from `offset` on; see [`read_at`](Self::read_at).
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends too soon, and those of `read_at`. Part of the buffer may
    /// be filled then.
    pub async fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, offset).await {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    buffer = &mut buffer[length..];
                    offset += length as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes at `offset` bytes from the start: how many bytes, at most 8 MiB, in one trip. Beyond
    /// the end, zeros fill the gap.
    ///
    /// - It is in the file when this returns: nothing is written behind. The position stays, but on
    ///   Windows, as for [`read_at`](Self::read_at).
    /// - A file that was opened to append appends, on Linux, wherever `offset` is.
    /// - *Cancel:* it is written, or not, as a whole.
    ///
    /// # Errors
    /// Those of writing behind, and of `pwrite`.
    pub async fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.written().await?;
        let opened = self.opened.clone();
        let bytes = bytes[..bytes.len().min(AT_ONCE)].to_owned();
        trip(move || opened.change(|file| bowerbird_io::files::write_at(file, &bytes, offset)))
            .await
    }

    /// Writes all of `bytes` from `offset` on; see [`write_at`](Self::write_at).
    ///
    /// - *Cancel:* more than 8 MiB may be written in part.
    ///
    /// # Errors
    /// `WriteZero` when the system takes no more, and those of `write_at`. A part may be written
    /// then.
    pub async fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write_at(bytes, offset).await {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => {
                    bytes = &bytes[length..];
                    offset += length as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
