//! The names of signals.

use std::fmt;

use bowerbird_io::signals::numbers;

/// A signal, by its number on this system. Made from one of the constants of
/// [`signal`](mod@crate::signal), or from any number; whether there is such a signal shows when it
/// is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalKind(i32);

impl SignalKind {
    /// The signal of a number.
    pub const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn as_raw(self) -> i32 {
        self.0
    }
}

impl From<i32> for SignalKind {
    fn from(number: i32) -> Self {
        Self(number)
    }
}

/// A constant a signal, each with the function that is its spelled-out name.
macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $number:ident, $name:ident;)*) => {
        $(
            $(#[$doc])*
            pub const $constant: SignalKind = SignalKind(numbers::$number);
        )*

        impl SignalKind {
            $(
                $(#[$doc])*
                pub const fn $name() -> Self {
                    $constant
                }
            )*

            /// What it is called, if this crate has a name for it.
            const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $(numbers::$number => Some(stringify!($constant)),)*
                    _ => None,
                }
            }
        }
    };
}

#[cfg(unix)]
names! {
    /// The terminal has gone; for daemons: read the configuration again.
    SIGHUP = HUP, hangup;
    /// Ctrl-C.
    SIGINT = INT, interrupt;
    /// Ctrl-\\, which usually leaves a core dump.
    SIGQUIT = QUIT, quit;
    /// Ends a process; it cannot be caught, only sent.
    SIGKILL = KILL, kill;
    /// Whatever the program says.
    SIGUSR1 = USR1, user_defined1;
    /// Whatever the program says.
    SIGUSR2 = USR2, user_defined2;
    /// A write to a pipe that nobody reads; Rust programs ignore it, and see an error instead.
    SIGPIPE = PIPE, pipe;
    /// The system's alarm clock.
    SIGALRM = ALRM, alarm;
    /// A polite request to end.
    SIGTERM = TERM, terminate;
    /// A child has ended, stopped or gone on.
    SIGCHLD = CHLD, child;
    /// Go on after a stop.
    SIGCONT = CONT, resume;
    /// Stops a process; it cannot be caught, only sent.
    SIGSTOP = STOP, stop;
    /// Ctrl-Z.
    SIGTSTP = TSTP, terminal_stop;
    /// The terminal has another size.
    SIGWINCH = WINCH, window_change;
}

#[cfg(windows)]
names! {
    /// Ctrl-C.
    SIGINT = INT, interrupt;
    /// A polite request to end, which on Windows a program can only send to itself.
    SIGTERM = TERM, terminate;
    /// Ctrl-Break.
    SIGBREAK = BREAK, ctrl_break;
}

impl fmt::Debug for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "SignalKind({})", self.0),
        }
    }
}
