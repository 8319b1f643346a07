//! The file of a Unix socket: replaced when its last owner left it behind, removed when its present
//! one goes. `UnixListener` and `UnixDatagram` bind through it.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A socket's file, which is removed when this is dropped, if it is still the same one.
#[derive(Debug)]
pub(super) struct SocketFile {
    /// Absolute, since the working directory may change; `None` once the file is to stay.
    path: Option<PathBuf>,
    /// The device that the file is on.
    device: u64,
    /// The file's number there.
    inode: u64,
}

impl SocketFile {
    /// Binds by `bind`, which is called again once a file was removed that nobody listens at:
    /// `is_served` connects to find out. `None` for abstract names, which have no file.
    pub(super) fn bind<S>(
        path: &Path,
        bind: impl Fn(&Path) -> io::Result<S>,
        is_served: impl FnOnce(&Path) -> bool,
    ) -> io::Result<(S, Option<SocketFile>)> {
        if is_abstract(path) {
            return Ok((bind(path)?, None));
        }
        let socket = match bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let is_socket = |found: fs::Metadata| found.file_type().is_socket();
                let is_stale = fs::symlink_metadata(path).is_ok_and(is_socket) && !is_served(path);
                if !is_stale {
                    return Err(error);
                }
                fs::remove_file(path)?;
                bind(path)?
            }
            bound => bound?,
        };
        let file = fs::symlink_metadata(path)?;
        let file = SocketFile {
            path: Some(std::path::absolute(path)?),
            device: file.dev(),
            inode: file.ino(),
        };
        Ok((socket, Some(file)))
    }

    /// Lets the file be.
    pub(super) fn keep(mut self) {
        self.path = None;
    }

    /// Whether `path` still leads to our file, and not to one that somebody put in its place.
    fn is_at(&self, path: &Path) -> bool {
        let same = |found: fs::Metadata| (found.dev(), found.ino()) == (self.device, self.inode);
        fs::symlink_metadata(path).is_ok_and(same)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Some(path) = self.path.as_deref().filter(|path| self.is_at(path)) {
            // If it cannot be removed, the next one to bind there will try.
            let _removed = fs::remove_file(path);
        }
    }
}

/// Whether a path stands for a name outside of the file system: it begins with a zero byte.
fn is_abstract(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().first() == Some(&0)
}
