//! A test in a process of its own: for promises about the process, which other tests would disturb.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use crate::folder::Folder;
use crate::loops::watched;
use crate::peers;

/// Set in the child to the test's name.
const VARIABLE: &str = "BOWERBIRD_TEST_ALONE";

/// Set in a child that is traced to how many turns it is to take.
const TURNS: &str = "BOWERBIRD_TEST_TURNS";

/// Runs `test` in a process that runs nothing else. `name` is the caller's own, with its module.
#[track_caller]
pub(crate) fn alone(name: &str, test: impl FnOnce()) {
    alone_with(name, &[], test);
}

/// The same, with variables in the child's environment.
#[track_caller]
pub(crate) fn alone_with(name: &str, variables: &[(&str, &str)], test: impl FnOnce()) {
    told_alone(name, variables, test);
}

/// The same, giving what the child has written to stderr; nothing in the child itself.
#[track_caller]
pub(crate) fn told_alone(
    name: &str,
    variables: &[(&str, &str)],
    test: impl FnOnce(),
) -> Option<String> {
    let child = output_alone(name, variables, test)?;
    let told = String::from_utf8_lossy(&child.stdout);
    let errors = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{name}: {told}{errors}");
    assert!(told.contains("1 passed"), "there is no test {name}: {told}");
    Some(errors.into_owned())
}

/// Runs `test` in such a process, and says how that ended: for tests about the end itself. `None`
/// in the child, which may go on to pass.
#[track_caller]
pub(crate) fn output_alone(
    name: &str,
    variables: &[(&str, &str)],
    test: impl FnOnce(),
) -> Option<Output> {
    if is_child(name) {
        watched(test);
        return None;
    }
    let program = interruptible(std::env::current_exe().unwrap());
    Some(started(program, name, variables))
}

/// Runs so many turns of `test` in such a process, and gives strace's summary of the system calls
/// of all its threads. `None` in the child, and where nothing can be traced.
#[track_caller]
pub(crate) fn traced_alone(name: &str, turns: usize, test: impl FnOnce(usize)) -> Option<String> {
    if is_child(name) {
        let turns = std::env::var(TURNS).unwrap().parse().unwrap();
        watched(|| test(turns));
        return None;
    }
    if !peers::can_trace() {
        return None;
    }
    let mut tracer = Command::new("strace");
    tracer
        .args(["-f", "-qq", "-c"])
        .arg(std::env::current_exe().unwrap());
    let child = started(tracer, name, &[(TURNS, &turns.to_string())]);
    let told = String::from_utf8_lossy(&child.stdout);
    let summary = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(child.status.success(), "{name}: {told}{summary}");
    assert!(told.contains("1 passed"), "there is no test {name}: {told}");
    Some(summary)
}

/// Runs `test` in such a process, some of whose system calls fail: `injections` are strace's, as in
/// `accept4:error=EMFILE:when=1+2`, with a space between two; each thread counts its own calls. The
/// lines about these calls; `None` in the child, and where nothing can be traced. The watchdog is
/// on this side: the child could perhaps not start its thread.
#[track_caller]
pub(crate) fn injected_alone(name: &str, injections: &str, test: impl FnOnce()) -> Option<String> {
    if is_child(name) {
        test();
        return None;
    }
    if !peers::can_trace() {
        return None;
    }
    let folder = Folder::new();
    let log = folder.at("calls");
    let calls = injections
        .split(' ')
        .map(|one| one.split_once(':').unwrap().0);
    let calls: Vec<_> = calls.collect();
    let mut tracer = Command::new("strace");
    tracer.args(["-f", "-qq", "--seccomp-bpf", "-e"]);
    tracer.arg(format!("trace={}", calls.join(",")));
    for injection in injections.split(' ') {
        tracer.args(["-e", &format!("inject={injection}")]);
    }
    tracer
        .arg("-o")
        .args([&log, &std::env::current_exe().unwrap()]);
    let child = watched(|| started(tracer, name, &[]));
    let told = String::from_utf8_lossy(&child.stdout);
    let errors = String::from_utf8_lossy(&child.stderr);
    assert!(
        child.status.success() && told.contains("1 passed"),
        "{name}, {injections}: {told}{errors}"
    );
    Some(std::fs::read_to_string(log).unwrap())
}

fn is_child(name: &str) -> bool {
    std::env::var(VARIABLE).is_ok_and(|running| running == name)
}

/// What the child printed, and how it ended.
fn started(mut program: Command, name: &str, variables: &[(&str, &str)]) -> Output {
    program
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(VARIABLE, name)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The command for `program`, to which Ctrl-C does what it does by default. A shell that puts a
/// test run into the background makes it ignore Ctrl-C, which all of its children inherit; `env`
/// gives the default back where it knows how to, and elsewhere the program starts as we are.
pub(crate) fn interruptible(program: impl AsRef<OsStr>) -> Command {
    static KNOWS: OnceLock<bool> = OnceLock::new();
    const GIVE_BACK: &str = "--default-signal=INT";
    let knows = *KNOWS.get_or_init(|| {
        let mut env = Command::new("env");
        env.args([GIVE_BACK, "true"]).stdout(Stdio::null());
        let tried = env.stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    });
    if !knows {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.arg(GIVE_BACK).arg(program);
    command
}

/// Whether Ctrl-C ends such a program, and a test of it can go on.
#[cfg(unix)]
pub(crate) fn is_interruptible() -> bool {
    use std::os::unix::process::ExitStatusExt;

    static ENDS: OnceLock<bool> = OnceLock::new();
    *ENDS.get_or_init(|| {
        let tried = interruptible("sh").args(["-c", "kill -INT $$"]).status();
        tried.is_ok_and(|status| status.signal() == Some(2))
    })
}
