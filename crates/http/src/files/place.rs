//! Where a file is, and which one stands in for it: opened on a thread that may block. Called by
//! answers; what may be looked for is decided before.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue};

use super::packing::Packing;

/// How files are sent. Set by users, shared by requests.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    /// Whether compressed twins are looked for.
    pub(super) is_packed: bool,
    /// Bytes that are read at a time.
    pub(super) chunk: usize,
    /// What the file is, where its name is not to be asked.
    pub(super) content_type: Option<HeaderValue>,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            is_packed: true,
            chunk: 256 * 1024,
            content_type: None,
        }
    }
}

/// A file that is open, and what is known of it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    /// In bytes.
    pub(super) length: u64,
    /// When it changed, where the system tells.
    pub(super) modified: Option<SystemTime>,
    /// How it is compressed, if it is a twin.
    pub(super) packing: Option<Packing>,
    /// Whether other clients would be given another file.
    pub(super) is_varying: bool,
}

/// Where `path` leads to; not found when that is outside of `root`, which leads nowhere else.
pub(super) fn inside(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let real = fs::canonicalize(path)?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Opens the file at `path`, or a twin that the client prefers.
///
/// - `root`: what links of twins must not lead out of, if they must not.
pub(super) fn open(
    path: &Path,
    root: Option<&Path>,
    headers: &HeaderMap,
    sending: &Sending,
) -> io::Result<Found> {
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let is_there = |(_, twin): &(Packing, PathBuf)| is_twin(twin, root);
    let twins = Packing::ALL.map(|packing| (packing, twin(path, packing)));
    let twins = twins.into_iter().filter(|_| sending.is_packed);
    let mut twins: Vec<_> = twins.filter(is_there).collect();
    let is_varying = !twins.is_empty();
    twins.retain(|(packing, _)| packing.weight(headers) > 0);
    // Stable: of those that are wanted alike, the smaller one stays the first.
    twins.sort_by_key(|(packing, _)| std::cmp::Reverse(packing.weight(headers)));
    for (packing, twin) in twins {
        // A twin that cannot be opened is no reason to refuse the file.
        if let Ok(found) = opened(&twin, Some(packing), is_varying) {
            return Ok(found);
        }
    }
    opened(path, None, is_varying)
}

fn opened(path: &Path, packing: Option<Packing>, is_varying: bool) -> io::Result<Found> {
    let file = File::open(path)?;
    // What was opened, not what was looked at before: it may have been replaced.
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(Found {
        length: metadata.len(),
        modified: metadata.modified().ok(),
        file,
        packing,
        is_varying,
    })
}

fn twin(path: &Path, packing: Packing) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(packing.ending());
    name.into()
}

/// Whether it is there, as a file, and inside.
fn is_twin(twin: &Path, root: Option<&Path>) -> bool {
    let Ok(metadata) = fs::symlink_metadata(twin) else {
        return false;
    };
    if !metadata.is_symlink() {
        return metadata.is_file();
    }
    let is_inside = root.is_none_or(|root| inside(root, twin).is_ok());
    is_inside && fs::metadata(twin).is_ok_and(|metadata| metadata.is_file())
}
