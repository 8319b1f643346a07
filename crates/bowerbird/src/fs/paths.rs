//! The functions of `std::fs` that take paths, each a single trip to a thread for blocking calls.
//!
//! A path is copied when the function is called, so that the trip borrows nothing. Nothing here
//! knows of open files; those are [`File`](super::File)s.

use std::fs::{self, Metadata, Permissions};
use std::path::{Path, PathBuf};

use super::trip::{Trip, trip};

/// The whole file, in one trip.
///
/// # Errors
/// Those of [`std::fs::read`]: no such file, no permission, a directory.
///
/// ```
/// # bowerbird::run(async {
/// let manifest = bowerbird::fs::read("Cargo.toml").await.unwrap();
/// assert!(manifest.starts_with(b"[package]"));
/// assert!(bowerbird::fs::read("no such file").await.is_err());
/// # });
/// ```
#[track_caller]
pub fn read(path: impl AsRef<Path>) -> Trip<Vec<u8>> {
    let path = path.as_ref().to_owned();
    trip(move || fs::read(path))
}

/// The whole file as text, in one trip.
///
/// # Errors
/// Those of [`std::fs::read_to_string`]; `InvalidData` when it is not UTF-8.
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// let text = fs::read_to_string("Cargo.toml").await?;
/// assert!(text.starts_with("[package]"));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn read_to_string(path: impl AsRef<Path>) -> Trip<String> {
    let path = path.as_ref().to_owned();
    trip(move || fs::read_to_string(path))
}

/// Makes the file, or empties it, and writes `contents`, in one trip.
///
/// - Copies `contents` first. For very large ones that are yours to give away,
///   `to_thread(move || std::fs::write(path, contents))` spares the copy.
/// - *Cancel:* if it has begun, the file is written to its end; otherwise it is not touched.
///
/// # Errors
/// Those of [`std::fs::write`]. The file may hold a part of it then, as after a full disk: write
/// elsewhere and [`rename`] where that matters.
///
/// ```
/// # let path = std::env::temp_dir().join(format!("bowerbird-write-{}", std::process::id()));
/// # bowerbird::run(async {
/// bowerbird::fs::write(&path, "words").await.unwrap();
/// assert_eq!(bowerbird::fs::read(&path).await.unwrap(), b"words");
/// # bowerbird::fs::remove_file(&path).await.unwrap();
/// # });
/// ```
#[track_caller]
pub fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Trip<()> {
    let (path, contents) = (path.as_ref().to_owned(), contents.as_ref().to_owned());
    trip(move || fs::write(path, contents))
}

/// Copies contents and permissions of a file: how many bytes. Inside the kernel where it can.
///
/// - One trip, which ends with the copy: dropping it midway does not stop it.
///
/// # Errors
/// Those of [`std::fs::copy`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// # let folder = std::env::temp_dir();
/// let to = folder.join(format!("bowerbird-copy-{}", std::process::id()));
/// let bytes = fs::copy("Cargo.toml", &to).await?;
/// assert_eq!(fs::metadata(&to).await?.len(), bytes);
/// fs::remove_file(to).await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Trip<u64> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    trip(move || fs::copy(from, to))
}

/// Gives a file or directory another name, replacing a file that has it.
///
/// # Errors
/// Those of [`std::fs::rename`]: for instance `CrossesDevices` between two file systems.
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// # let folder = std::env::temp_dir();
/// # let name = |end| format!("bowerbird-{end}-{}", std::process::id());
/// let [old, new] = ["old", "new"].map(|end| folder.join(name(end)));
/// fs::write(&old, "text").await?;
/// fs::rename(&old, &new).await?;
/// assert!(!fs::exists(old).await?);
/// fs::remove_file(new).await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Trip<()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    trip(move || fs::rename(from, to))
}

/// Removes a file.
///
/// # Errors
/// Those of [`std::fs::remove_file`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// let missing = fs::remove_file("no-such-file").await.unwrap_err();
/// assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn remove_file(path: impl AsRef<Path>) -> Trip<()> {
    let path = path.as_ref().to_owned();
    trip(move || fs::remove_file(path))
}

/// Removes an empty directory.
///
/// # Errors
/// Those of [`std::fs::remove_dir`]; `DirectoryNotEmpty` among them.
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// # let folder = std::env::temp_dir().join(format!("bowerbird-rmdir-{}", std::process::id()));
/// fs::create_dir(&folder).await?;
/// fs::write(folder.join("inside"), "").await?;
/// assert!(fs::remove_dir(&folder).await.is_err());
/// fs::remove_file(folder.join("inside")).await?;
/// fs::remove_dir(&folder).await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn remove_dir(path: impl AsRef<Path>) -> Trip<()> {
    let path = path.as_ref().to_owned();
    trip(move || fs::remove_dir(path))
}

/// Removes a directory with all that is in it, following no links, in one trip.
///
/// # Errors
/// Those of [`std::fs::remove_dir_all`]. Some of it may be gone then.
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// # let folder = std::env::temp_dir().join(format!("bowerbird-rmall-{}", std::process::id()));
/// fs::create_dir_all(folder.join("deep/down")).await?;
/// fs::remove_dir_all(&folder).await?;
/// assert!(!fs::exists(folder).await?);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn remove_dir_all(path: impl AsRef<Path>) -> Trip<()> {
    let path = path.as_ref().to_owned();
    trip(move || fs::remove_dir_all(path))
}

/// Makes a directory.
///
/// # Errors
/// Those of [`std::fs::create_dir`]: its parent is missing, it exists.
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// let there = fs::create_dir("src").await.unwrap_err();
/// assert_eq!(there.kind(), std::io::ErrorKind::AlreadyExists);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn create_dir(path: impl AsRef<Path>) -> Trip<()> {
    let path = path.as_ref().to_owned();
    trip(move || fs::create_dir(path))
}

/// Makes a directory and those above it that are missing, in one trip. That it exists is fine.
///
/// # Errors
/// Those of [`std::fs::create_dir_all`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// fs::create_dir_all("src").await?; // there already, which is fine
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn create_dir_all(path: impl AsRef<Path>) -> Trip<()> {
    let path = path.as_ref().to_owned();
    trip(move || fs::create_dir_all(path))
}

/// Size, kind, times and permissions of what the path leads to, through links.
///
/// # Errors
/// Those of [`std::fs::metadata`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// assert!(fs::metadata("src").await?.is_dir());
/// assert!(fs::metadata("no-such-file").await.is_err());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn metadata(path: impl AsRef<Path>) -> Trip<Metadata> {
    let path = path.as_ref().to_owned();
    trip(move || fs::metadata(path))
}

/// The same of the path itself, which may be a link.
///
/// # Errors
/// Those of [`std::fs::symlink_metadata`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// assert!(!fs::symlink_metadata("Cargo.toml").await?.is_symlink());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn symlink_metadata(path: impl AsRef<Path>) -> Trip<Metadata> {
    let path = path.as_ref().to_owned();
    trip(move || fs::symlink_metadata(path))
}

/// Changes the permissions of a file or directory.
///
/// # Errors
/// Those of [`std::fs::set_permissions`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// # let file = std::env::temp_dir().join(format!("bowerbird-mode-{}", std::process::id()));
/// fs::write(&file, "").await?;
/// let mut permissions = fs::metadata(&file).await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions(&file, permissions).await?;
/// assert!(fs::metadata(&file).await?.permissions().readonly());
/// # #[cfg(unix)]
/// fs::remove_file(&file).await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> Trip<()> {
    let path = path.as_ref().to_owned();
    trip(move || fs::set_permissions(path, permissions))
}

/// The absolute path without links and dots.
///
/// # Errors
/// Those of [`std::fs::canonicalize`]: all of it has to exist.
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// let path = fs::canonicalize("src/../Cargo.toml").await?;
/// assert!(path.is_absolute() && path.ends_with("Cargo.toml"));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn canonicalize(path: impl AsRef<Path>) -> Trip<PathBuf> {
    let path = path.as_ref().to_owned();
    trip(move || fs::canonicalize(path))
}

/// Where a symbolic link points to.
///
/// # Errors
/// Those of [`std::fs::read_link`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// let no_link = fs::read_link("Cargo.toml").await;
/// assert!(no_link.is_err());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn read_link(path: impl AsRef<Path>) -> Trip<PathBuf> {
    let path = path.as_ref().to_owned();
    trip(move || fs::read_link(path))
}

/// Whether the path leads to something.
///
/// # Errors
/// When that cannot be known, for instance without permission for a directory on the way.
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// assert!(fs::exists("Cargo.toml").await?);
/// assert!(!fs::exists("no-such-file").await?);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn exists(path: impl AsRef<Path>) -> Trip<bool> {
    let path = path.as_ref().to_owned();
    trip(move || fs::exists(path))
}

/// [`exists`], under the name that [`Path::try_exists`] gives it.
///
/// # Errors
/// As [`exists`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// assert!(fs::try_exists("Cargo.toml").await?);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn try_exists(path: impl AsRef<Path>) -> Trip<bool> {
    let path = path.as_ref().to_owned();
    trip(move || path.try_exists())
}

/// Gives the file `original` another name in the same file system.
///
/// # Errors
/// Those of [`std::fs::hard_link`].
///
/// ```
/// # use bowerbird::fs;
/// # bowerbird::run(async {
/// # let folder = std::env::temp_dir();
/// # let name = |end| format!("bowerbird-{end}-{}", std::process::id());
/// let [one, two] = ["one", "two"].map(|end| folder.join(name(end)));
/// fs::write(&one, "text").await?;
/// fs::hard_link(&one, &two).await?;
/// fs::remove_file(one).await?;
/// assert_eq!(fs::read(&two).await?, b"text");
/// fs::remove_file(two).await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Trip<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    trip(move || fs::hard_link(original, link))
}

/// Makes the symbolic link `link`, which points to `original`.
///
/// # Errors
/// Those of [`std::os::unix::fs::symlink`].
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// let link = std::env::temp_dir().join(format!("bowerbird-link-{}", std::process::id()));
/// bowerbird::fs::symlink("target", &link).await?;
/// assert!(bowerbird::fs::read_link(&link).await?.ends_with("target"));
/// bowerbird::fs::remove_file(link).await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[cfg(unix)]
#[track_caller]
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Trip<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    trip(move || std::os::unix::fs::symlink(original, link))
}

/// Makes the symbolic link `link`, which points to the file `original`.
///
/// # Errors
/// Those of [`std::os::windows::fs::symlink_file`].
///
/// ```no_run
/// # bowerbird::run(async {
/// bowerbird::fs::symlink_file("target", "link").await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[cfg(windows)]
#[track_caller]
pub fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Trip<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    trip(move || std::os::windows::fs::symlink_file(original, link))
}

/// Makes the symbolic link `link`, which points to the directory `original`.
///
/// # Errors
/// Those of [`std::os::windows::fs::symlink_dir`].
///
/// ```no_run
/// # bowerbird::run(async {
/// bowerbird::fs::symlink_dir("target", "link").await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[cfg(windows)]
#[track_caller]
pub fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Trip<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    trip(move || std::os::windows::fs::symlink_dir(original, link))
}
