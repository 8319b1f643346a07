//! Child processes: starting them, talking to them, ending them. asyncio: `subprocess.py`,
//! `base_subprocess.py`, `unix_events.py`.
//!
//! No child becomes a zombie, whatever happens to its handle: one that is dropped, forgotten with
//! its task, or given up while it was being started is reaped all the same (`child`). Children of
//! other libraries are never waited for.

mod builder;

mod child;

mod communicate;

mod pipes;

mod process;

mod stdio;

pub use builder::{Builder, Spawn};
pub use communicate::Input;
pub use pipes::{ChildStderr, ChildStdin, ChildStdout};
pub use process::Process;
pub use stdio::{DEVNULL, PIPE, STDOUT, Stdio};

use std::ffi::OsStr;

/// A program to run: set its arguments and the rest, then await it.
///
/// - `program`: a path, or a name that is looked for in `PATH`.
/// - Without more, the child has our own stdin, stdout, stderr, directory and variables.
/// - asyncio: `subprocess.py`, `create_subprocess_exec`; arguments and options are methods of the
///   [`Builder`].
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use bowerbird::subprocess::{PIPE, create_subprocess_exec};
///
/// bowerbird::run(async {
///     let mut sort = create_subprocess_exec("sort").stdin(PIPE).stdout(PIPE).await?;
///     let (sorted, _) = sort.communicate("b\na\n").await?;
///     assert_eq!(sorted.as_deref(), Some(&b"a\nb\n"[..]));
///     assert_eq!(sort.returncode(), Some(0));
///
///     let missing = create_subprocess_exec("no-such-program").await;
///     assert_eq!(missing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
///     Ok(())
/// })
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub fn create_subprocess_exec(program: impl AsRef<OsStr>) -> Builder {
    Builder::from(std::process::Command::new(program))
}

/// A line for the shell: `/bin/sh -c`, on Windows `cmd /C`.
///
/// - `command`: as one would type it. Whatever comes from elsewhere has to be quoted first: the
///   shell obeys all of it.
/// - asyncio: `subprocess.py`, `create_subprocess_shell`.
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use bowerbird::subprocess::{PIPE, STDOUT, create_subprocess_shell};
///
/// bowerbird::run(async {
///     let line = "echo out; echo err >&2; exit 3";
///     let mut shell = create_subprocess_shell(line).stdout(PIPE).stderr(STDOUT).await?;
///     let (both, none) = shell.communicate(None).await?;
///     assert_eq!(both.as_deref(), Some(&b"out\nerr\n"[..]));
///     assert!(none.is_none(), "it went with stdout");
///     assert_eq!(shell.returncode(), Some(3));
///     Ok(())
/// })
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub fn create_subprocess_shell(command: impl AsRef<OsStr>) -> Builder {
    #[cfg(unix)]
    {
        create_subprocess_exec("/bin/sh").arg("-c").arg(command)
    }
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt as _;
        let mut shell = std::process::Command::new("cmd.exe");
        // The shell takes the line apart itself; quoting it would quote its operators.
        shell
            .args(["/D", "/S", "/C"])
            .raw_arg("\"")
            .raw_arg(command)
            .raw_arg("\"");
        Builder::from(shell)
    }
}
