//! Files as the facade needs them and std does not offer them alike everywhere: reading and writing
//! at a position, and sending to a socket without a copy.
//!
//! Plain functions that block; the facade calls them on threads for blocking calls and never on a
//! worker. They register nothing: a regular file is always ready, so no poller can watch one.

use std::fs::File;
use std::io;

use polling::AsSource;

/// Reads at `offset`: how many bytes, zero at the end or for an empty buffer.
///
/// On Unix the file's own position stays where it is; on Windows it moves behind what was read.
///
/// # Errors
///
/// Those of `pread` (`ReadFile`); what has no positions, as a pipe, is `NotSeekable`.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
}

/// Writes at `offset`: how many bytes. The position as for [`read_at`].
///
/// A file that was opened for appending may append instead (Linux does).
///
/// # Errors
///
/// Those of `pwrite` (`WriteFile`).
pub fn write_at(file: &File, buffer: &[u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_write(file, buffer, offset);
}

/// Has the kernel send up to `count` bytes that stand at `offset`: how many it took, zero at the
/// end of the file. The file's own position stays where it is.
///
/// # Errors
///
/// `WouldBlock` when the socket is full; `Unsupported` where the system, or this kind of file, does
/// not know how; those of `sendfile` else.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn send(file: &File, socket: &impl AsSource, offset: u64, count: usize) -> io::Result<usize> {
    use rustix::io::Errno;
    let mut at = offset;
    match rustix::fs::sendfile(socket.source(), file, Some(&mut at), count) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        sent => Ok(sent?),
    }
}

/// Has the kernel send; this one does not know how.
///
/// # Errors
///
/// `Unsupported`, always.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn send(
    _file: &File,
    _socket: &impl AsSource,
    _offset: u64,
    _count: usize,
) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
