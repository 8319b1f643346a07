//! A folder of its own for a test, gone with it, and bytes to put into it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Removed with all that is in it when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: only that each caller gets another number matters.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bowerbird-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// The path of something in it.
    pub(crate) fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Bytes that repeat after a length which no buffer has: what is lost, doubled or out of place is
/// not overlooked.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let block = (0..65_521_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8);
    let block: Vec<u8> = block.collect();
    let mut bytes = block.repeat(length / block.len() + 1);
    bytes.truncate(length);
    bytes
}
