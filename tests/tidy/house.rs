//! The files of the house, and how complaints about them are told.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the house.
pub(crate) struct File {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// Where the house stands.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All files whose names end in one of `endings`, apart from what was built.
pub(crate) fn files(endings: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    gather(&root(), endings, &mut files);
    assert!(!files.is_empty(), "there are no {endings:?}");
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn gather(folder: &Path, endings: &[&str], files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            let is_ours = !name.starts_with("target") && name != "out" && name != ".git";
            if is_ours {
                gather(&path, endings, files);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let short = path.strip_prefix(root()).unwrap();
            files.push(File {
                path: short.to_str().unwrap().replace('\\', "/"),
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

/// Whether a source is a test, or a part of one.
pub(crate) fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("tests/")
}

/// Fails with all complaints at once.
#[track_caller]
pub(crate) fn assert_none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
