//! How to open a file: std's options, and a trip to the pool for the opening itself.

use std::fs;
use std::path::Path;

use super::file::File;
use super::trip::{Trip, trip};

/// How to open a file: to read, to write, to append; to make it, to empty it.
///
/// The names and rules are those of [`std::fs::OpenOptions`], which converts into this one with all
/// its extensions of a system.
///
/// ```
/// use bowerbird::fs::OpenOptions;
///
/// # let path = std::env::temp_dir().join(format!("bowerbird-open-{}", std::process::id()));
/// # bowerbird::run(async {
/// let mut log = OpenOptions::new().append(true).create(true).open(&path).await?;
/// log.write_all(b"one line\n").await?;
/// log.close().await?;
///
/// let taken = OpenOptions::new().write(true).create_new(true).open(&path).await;
/// assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
/// # bowerbird::fs::remove_file(&path).await
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct OpenOptions(fs::OpenOptions);

impl OpenOptions {
    /// Nothing is allowed yet.
    pub fn new() -> Self {
        Self(fs::OpenOptions::new())
    }

    /// To read.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.0.read(read);
        self
    }

    /// To write, from the start of the file on and over what is there.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.0.write(write);
        self
    }

    /// To write, always at what is the end at that moment.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.0.append(append);
        self
    }

    /// Empty it first. Needs `write`.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.0.truncate(truncate);
        self
    }

    /// Make it if it is not there. Needs `write` or `append`.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.0.create(create);
        self
    }

    /// Make it, and fail if it is there: nobody else can have it then. Needs `write` or `append`.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.0.create_new(create_new);
        self
    }

    /// Permissions of a file that is made, less the process's mask; 0o666 unless told otherwise.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        std::os::unix::fs::OpenOptionsExt::mode(&mut self.0, mode);
        self
    }

    /// Flags of `open` that have no name here, as `O_NOFOLLOW`.
    #[cfg(unix)]
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut self.0, flags);
        self
    }

    /// Opens the file, in one trip.
    ///
    /// # Errors
    /// Those of [`std::fs::OpenOptions::open`]; `InvalidInput` for options that contradict.
    #[track_caller]
    pub fn open(&self, path: impl AsRef<Path>) -> Trip<File> {
        let path = path.as_ref().to_owned();
        let options = self.0.clone();
        trip(move || options.open(path).map(File::from))
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl From<fs::OpenOptions> for OpenOptions {
    fn from(options: fs::OpenOptions) -> Self {
        Self(options)
    }
}
