//! From a URL's path to one below a directory: decoded once, and refused when it could lead
//! anywhere else. Pure: no disk is asked here. Used by directories.

use std::path::{Path, PathBuf};

use crate::percent::decoded;

/// Bytes of a name; no file system has longer ones.
const NAME_MAX: usize = 255;

/// Bytes of a path.
const PATH_MAX: usize = 4096;

/// Names that are devices on Windows, whatever follows their first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// What was asked for, below a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Below {
    /// Nothing but names; empty for the directory itself.
    pub(super) path: PathBuf,
    /// Whether the URL's path ends in a slash, as that of a directory does.
    pub(super) is_directory: bool,
}

/// What `url_path` stands for; `None` where it can name no file below a directory.
///
/// Refused are names that are `.` or `..`, names with slashes, backslashes or NULs in them, names
/// that are not UTF-8, and what is too long for a file system; on Windows drives, streams and
/// devices, too. However they are written: looked at is what they are decoded to.
pub(super) fn below(url_path: &str) -> Option<Below> {
    if url_path.len() > 3 * PATH_MAX {
        return None;
    }
    let mut path = PathBuf::new();
    for segment in url_path.split('/').filter(|segment| !segment.is_empty()) {
        let name = decoded(segment)?;
        if !is_name(&name) {
            return None;
        }
        path.push(name);
    }
    let is_directory = url_path.is_empty() || url_path.ends_with('/');
    let is_short = path.as_os_str().len() < PATH_MAX;
    is_short.then_some(Below { path, is_directory })
}

/// Whether it is the name of something in a directory, on every system, and nothing more.
fn is_name(name: &str) -> bool {
    let has_foreign = name.contains(['/', '\\', '\0']);
    let is_walk = name == "." || name == "..";
    let is_special = cfg!(windows) && is_special_on_windows(name);
    // The same once more, in the words of std, which knows the system it is built for.
    let mut parts = Path::new(name).components();
    let is_normal = matches!(parts.next(), Some(std::path::Component::Normal(_)));
    let is_one = is_normal && parts.next().is_none();
    name.len() <= NAME_MAX && !has_foreign && !is_walk && !is_special && is_one
}

/// Drives and streams have a colon; devices are files in every directory.
fn is_special_on_windows(name: &str) -> bool {
    let stem = name.split(['.', ' ']).next().unwrap_or_default();
    let stem = stem.to_ascii_lowercase();
    let is_port = ["com", "lpt"].iter().any(|kind| {
        let number = stem.strip_prefix(kind).map(|rest| rest.chars().count());
        number == Some(1)
    });
    name.contains(':') || is_port || DEVICES.contains(&stem.as_str())
}

#[cfg(test)]
mod tests;
