//! Where a child's stdin, stdout and stderr go. The builder calls it just before a spawn.

use std::fs::File;
use std::io;
use std::process::{self, Command};

#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(windows)]
use std::os::windows::io::OwnedHandle;

/// A pipe to or from us; see [`Stdio`].
pub const PIPE: Stdio = Stdio::Pipe;

/// Nothing to read, and nobody reads; see [`Stdio`].
pub const DEVNULL: Stdio = Stdio::Devnull;

/// For stderr alone: wherever stdout goes, in one stream with it; see [`Stdio`].
pub const STDOUT: Stdio = Stdio::Stdout;

/// Where one of a child's three streams goes: [`PIPE`], [`DEVNULL`], [`STDOUT`], or a file.
///
/// - asyncio: the constants of `subprocess`; `None` there is [`Stdio::Inherit`], the default.
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// use bowerbird::subprocess::{DEVNULL, PIPE, STDOUT, create_subprocess_shell};
///
/// let child = create_subprocess_shell("echo out; echo err >&2");
/// let child = child.stdin(DEVNULL).stdout(PIPE).stderr(STDOUT);
/// let (both, nothing) = child.await?.communicate(None).await?;
/// assert_eq!((both.unwrap(), nothing), (b"out\nerr\n".to_vec(), None));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Stdio {
    /// Where ours goes.
    #[default]
    Inherit,
    /// See [`PIPE`].
    Pipe,
    /// See [`DEVNULL`].
    Devnull,
    /// See [`STDOUT`].
    Stdout,
    /// Into, or from, something that is open.
    File(File),
}

impl From<File> for Stdio {
    fn from(file: File) -> Self {
        Self::File(file)
    }
}

#[cfg(unix)]
impl From<OwnedFd> for Stdio {
    fn from(descriptor: OwnedFd) -> Self {
        Self::File(descriptor.into())
    }
}

#[cfg(windows)]
impl From<OwnedHandle> for Stdio {
    fn from(handle: OwnedHandle) -> Self {
        Self::File(handle.into())
    }
}

impl Stdio {
    /// As std has it, for a stream that stands alone.
    fn alone(self) -> io::Result<process::Stdio> {
        Ok(match self {
            Self::Inherit => process::Stdio::inherit(),
            Self::Pipe => process::Stdio::piped(),
            Self::Devnull => process::Stdio::null(),
            Self::File(file) => file.into(),
            Self::Stdout => {
                let error = "STDOUT is for stderr alone: it goes where stdout goes";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
            }
        })
    }
}

/// All three.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) stdin: Stdio,
    pub(super) stdout: Stdio,
    pub(super) stderr: Stdio,
}

impl Streams {
    /// Connects them. What it gives is our end of a pipe that carries stdout and stderr together.
    pub(super) fn connect(self, command: &mut Command) -> io::Result<Option<File>> {
        command.stdin(self.stdin.alone()?);
        if !matches!(self.stderr, Stdio::Stdout) {
            command.stdout(self.stdout.alone()?);
            command.stderr(self.stderr.alone()?);
            return Ok(None);
        }
        let (ours, both) = match self.stdout {
            Stdio::Pipe => {
                let (ours, theirs) = pipe()?;
                (Some(ours), theirs)
            }
            Stdio::Inherit => (None, own_stdout()?),
            Stdio::File(file) => (None, file),
            alone @ (Stdio::Devnull | Stdio::Stdout) => {
                command.stdout(alone.alone()?);
                command.stderr(process::Stdio::null());
                return Ok(None);
            }
        };
        command.stderr(both.try_clone()?);
        command.stdout(both);
        Ok(ours)
    }
}

/// A second handle of our own stdout.
fn own_stdout() -> io::Result<File> {
    #[cfg(unix)]
    use std::os::fd::AsFd as _;
    #[cfg(windows)]
    use std::os::windows::io::AsHandle as _;

    #[cfg(unix)]
    let own = io::stdout().as_fd().try_clone_to_owned();
    #[cfg(windows)]
    let own = io::stdout().as_handle().try_clone_to_owned();
    own.map(File::from)
}

/// A pipe: our end, theirs.
fn pipe() -> io::Result<(File, File)> {
    #[cfg(unix)]
    {
        let (ours, theirs) = bowerbird_io::children::pipe()?;
        Ok((ours.into(), theirs.into()))
    }
    #[cfg(windows)]
    {
        let error = "one pipe for stdout and stderr cannot be made on Windows";
        Err(io::Error::new(io::ErrorKind::Unsupported, error))
    }
}
