//! Child processes: pipes, ends, signals, and that nothing is left of any. In processes of their
//! own where children are counted. Unix.
#![cfg(unix)]

use std::future::IntoFuture;
use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use bowerbird::exceptions::ProcessLookupError;
use bowerbird::signal::{SIGKILL, SIGTERM, SIGUSR1};
use bowerbird::subprocess::{
    DEVNULL, PIPE, Process, STDOUT, create_subprocess_exec, create_subprocess_shell,
};
use bowerbird::{EventLoop, Semaphore, create_task, gather, sleep, wait_for};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, io::BufReader};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use crate::alone::alone;
use crate::loops::{each_builder, inside_each, on_each};

/// A mebibyte that is not all the same.
fn mebibyte() -> Vec<u8> {
    (0..1_u32 << 20)
        .map(|at| at.to_le_bytes()[at as usize % 3])
        .collect()
}

fn is_lookup_error(error: &std::io::Error) -> bool {
    let inner = error.get_ref();
    error.kind() == ErrorKind::NotFound
        && inner.is_some_and(|inner| inner.is::<ProcessLookupError>())
}

/// Lets others run until something holds, forever if need be: the watchdog ends what never does.
async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        bowerbird::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_child_gets_its_arguments_variables_and_directory() {
    inside_each(async || {
        let mut child = create_subprocess_exec("/bin/sh")
            .args(["-c", "echo \"$1 $A$B$HOME\"; pwd", "sh"])
            .arg("one two")
            .env_clear()
            .env("A", "1")
            .envs([("B", "2"), ("HOME", "none")])
            .env_remove("HOME")
            .cwd("/usr")
            .stdout(PIPE)
            .await
            .unwrap();
        assert!(child.stdin.is_none() && child.stderr.is_none());
        let (told, none) = child.communicate(None).await.unwrap();
        assert_eq!(told.unwrap(), b"one two 12\n/usr\n");
        assert_eq!(none, None);
        assert_eq!(child.returncode(), Some(0));
    });
}

#[test]
fn communicate_moves_a_mebibyte_both_ways_at_once() {
    inside_each(async || {
        let line = "tee /dev/stderr";
        let mut child = create_subprocess_shell(line)
            .stdin(PIPE)
            .stdout(PIPE)
            .stderr(PIPE)
            .await
            .unwrap();
        let sent = mebibyte();
        let (out, err) = child.communicate(&sent).await.unwrap();
        assert!(out.unwrap() == sent && err.unwrap() == sent);
        assert!(child.wait().await.unwrap().success());
        assert!(child.stdin.is_none() && child.stdout.is_none() && child.stderr.is_none());
    });
}

#[test]
fn a_child_that_does_not_read_is_no_error_for_communicate() {
    inside_each(async || {
        let mut child = create_subprocess_exec("true").stdin(PIPE).await.unwrap();
        let told = child.communicate(mebibyte()).await.unwrap();
        assert_eq!(told, (None, None));
        assert_eq!(child.returncode(), Some(0));
        // Without a pipe, input goes nowhere.
        let mut child = create_subprocess_exec("true").await.unwrap();
        assert_eq!(child.communicate("for nobody").await.unwrap(), (None, None));
    });
}

#[test]
fn a_write_to_a_child_that_has_closed_its_stdin_is_an_error() {
    inside_each(async || {
        let mut child = create_subprocess_exec("true").stdin(PIPE).await.unwrap();
        child.wait().await.unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A child that another test is just starting has the far end too, until it is its program.
        let refused = loop {
            if let Err(refused) = stdin.write_all(b"late").await {
                break refused;
            }
        };
        assert_eq!(refused.kind(), ErrorKind::BrokenPipe);
        stdin.close().await.unwrap();
        let closed = stdin.write_all(b"later").await.unwrap_err();
        assert_eq!(closed.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn pipes_are_streams_of_bytes() {
    inside_each(async || {
        let mut child = create_subprocess_exec("cat")
            .stdin(PIPE)
            .stdout(PIPE)
            .await
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in ["one", "two", "three"] {
            stdin
                .write_all(format!("{line}\n").as_bytes())
                .await
                .unwrap();
            assert_eq!(lines.next().await.unwrap().unwrap(), line);
        }
        assert_eq!(child.returncode(), None);
        stdin.close().await.unwrap();
        assert!(lines.next().await.is_none());
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
    });
}

#[test]
fn one_childs_stdout_can_be_anothers_stdin() {
    inside_each(async || {
        let mut first = create_subprocess_shell("printf 'b\\na\\n'")
            .stdout(PIPE)
            .await
            .unwrap();
        let between = first.stdout.take().unwrap().into_stdio().unwrap();
        let mut second = create_subprocess_exec("sort")
            .stdin(between)
            .stdout(PIPE)
            .await
            .unwrap();
        let (sorted, _) = second.communicate(None).await.unwrap();
        assert_eq!(sorted.unwrap(), b"a\nb\n");
        assert!(first.wait().await.unwrap().success());
    });
}

#[test]
fn stderr_can_go_with_stdout_wherever_that_goes() {
    inside_each(async || {
        let line = "echo 1; echo 2 >&2; echo 3";
        let shell = || create_subprocess_shell(line).stderr(STDOUT);
        let mut child = shell().stdout(PIPE).await.unwrap();
        let both = child.communicate(None).await.unwrap();
        assert_eq!(both, (Some(b"1\n2\n3\n".to_vec()), None));

        let (file, name) = scratch("merged");
        let mut child = shell().stdout(file).await.unwrap();
        assert_eq!(child.communicate(None).await.unwrap(), (None, None));
        assert_eq!(std::fs::read(&name).unwrap(), b"1\n2\n3\n");
        std::fs::remove_file(name).unwrap();

        let child = shell().stdout(DEVNULL).await.unwrap();
        assert!(child.wait().await.unwrap().success());
    });
}

/// A new file, and where it is.
fn scratch(what: &str) -> (std::fs::File, std::path::PathBuf) {
    let thread = std::thread::current().id();
    let name = format!("bowerbird-{what}-{}-{thread:?}", std::process::id());
    let path = std::env::temp_dir().join(name);
    (std::fs::File::create(&path).unwrap(), path)
}

#[test]
fn files_and_nothing_can_be_read_from() {
    inside_each(async || {
        let (mut file, name) = scratch("read");
        file.write_all(b"from a file").unwrap();
        let file = std::fs::File::open(&name).unwrap();
        let cat = || create_subprocess_exec("cat").stdout(PIPE);
        let mut child = cat().stdin(file).await.unwrap();
        let (told, _) = child.communicate("not this").await.unwrap();
        assert_eq!(told.unwrap(), b"from a file");
        std::fs::remove_file(name).unwrap();
        let mut child = cat().stdin(DEVNULL).await.unwrap();
        assert_eq!(child.communicate(None).await.unwrap().0.unwrap(), b"");
    });
}

#[test]
fn what_cannot_be_started_is_a_typed_error() {
    inside_each(async || {
        let missing = create_subprocess_exec("no-such-program").await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        let nowhere = create_subprocess_exec("true")
            .cwd("/no/such/directory")
            .await;
        assert_eq!(nowhere.unwrap_err().kind(), ErrorKind::NotFound);
        let forbidden = create_subprocess_exec("/etc/passwd").await.unwrap_err();
        assert_eq!(forbidden.kind(), ErrorKind::PermissionDenied);
        let misplaced = create_subprocess_exec("true")
            .stdout(STDOUT)
            .await
            .unwrap_err();
        assert_eq!(misplaced.kind(), ErrorKind::InvalidInput);
        assert!(
            misplaced.to_string().contains("STDOUT is for stderr"),
            "{misplaced}"
        );
    });
}

#[test]
fn any_number_may_wait_and_codes_tell_signals_apart() {
    inside_each(async || {
        let child = create_subprocess_exec("sleep").arg("60").await.unwrap();
        assert_eq!(child.returncode(), None);
        let waits: Vec<_> = (0..10).map(|_| create_task(child.wait())).collect();
        let given_up = wait_for(child.wait(), Duration::from_millis(1)).await;
        assert!(given_up.is_err());
        child.terminate().unwrap();
        for ended in gather(waits).await.unwrap() {
            assert_eq!(ended.unwrap().signal(), Some(SIGTERM.as_raw()));
        }
        assert_eq!(child.returncode(), Some(-SIGTERM.as_raw()));
        assert_eq!(child.wait().await.unwrap().code(), None);

        let child = create_subprocess_shell("exit 7").await.unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(7));
        assert_eq!(child.returncode(), Some(7));
    });
}

#[test]
fn signals_reach_a_child_and_none_is_sent_after_its_end() {
    inside_each(async || {
        let line = "trap 'echo got it; exit 5' USR1; echo ready; while :; do sleep 0.01; done";
        let mut child = create_subprocess_shell(line).stdout(PIPE).await.unwrap();
        let mut ready = [0; 6];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut ready)
            .await
            .unwrap();
        child.send_signal(SIGUSR1).unwrap();
        let (told, _) = child.communicate(None).await.unwrap();
        assert_eq!(told.unwrap(), b"got it\n");
        assert_eq!(child.returncode(), Some(5));
        for late in [
            child.send_signal(SIGUSR1),
            child.send_signal(10_000),
            child.terminate(),
            child.kill(),
        ] {
            assert!(is_lookup_error(&late.unwrap_err()));
        }
        let child = create_subprocess_exec("sleep")
            .arg("60")
            .kill_on_drop(true)
            .await
            .unwrap();
        let no_signal = child.send_signal(10_000).unwrap_err();
        assert_eq!(no_signal.kind(), ErrorKind::InvalidInput);
        let no_group = child.kill_group().unwrap_err();
        assert!(no_group.to_string().contains("process_group"), "{no_group}");
    });
}

#[test]
fn an_end_that_nobody_has_waited_for_is_known_at_once() {
    inside_each(async || {
        let child = create_subprocess_exec("true").await.unwrap();
        // Blocks the worker, so that no task of the loop can have noticed.
        let number = i32::try_from(child.id()).unwrap();
        let number = rustix::process::Pid::from_raw(number).unwrap();
        let looking = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // Unless another worker was faster, and has reaped it.
        let _gone = waitid(WaitId::Pid(number), looking);
        assert!(is_lookup_error(&child.kill().unwrap_err()));
        assert_eq!(child.returncode(), Some(0));
        assert!(wait_for(child.wait(), Duration::ZERO).await.is_ok());
    });
}

#[test]
fn a_communicate_that_is_given_up_leaves_the_child_its_pipes() {
    inside_each(async || {
        let mut child = create_subprocess_exec("cat")
            .stdin(PIPE)
            .stdout(PIPE)
            .await
            .unwrap();
        {
            let stdin = child.stdin.as_mut().unwrap();
            stdin.write_all(b"early ").await.unwrap();
        }
        let mut stdout = child.stdout.take().unwrap();
        let mut early = [0; 6];
        stdout.read_exact(&mut early).await.unwrap();
        child.stdout = Some(stdout);
        let mut sleeper = create_subprocess_exec("sleep")
            .arg("60")
            .stdout(PIPE)
            .kill_on_drop(true)
            .await
            .unwrap();
        let given_up = wait_for(sleeper.communicate(None), Duration::from_millis(5)).await;
        assert!(given_up.is_err());
        assert!(sleeper.stdout.is_some());
        let (rest, _) = child.communicate("late").await.unwrap();
        assert_eq!(rest.unwrap(), b"late");
    });
}

#[cfg(target_os = "linux")]
mod counted {
    //! With children and descriptors counted, before and after.

    use super::*;

    /// The children of this process, by their states: `Z` is a zombie.
    fn children() -> Vec<(u32, char)> {
        let entries = std::fs::read_dir("/proc").unwrap();
        let stats = entries.filter_map(|entry| {
            let path = entry.unwrap().path();
            let pid = path.file_name()?.to_str()?.parse().ok()?;
            Some((pid, std::fs::read_to_string(path.join("stat")).ok()?))
        });
        let ours = stats.filter_map(|(pid, stat)| {
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            let state = fields.next()?.chars().next()?;
            let parent: u32 = fields.next()?.parse().ok()?;
            (parent == std::process::id()).then_some((pid, state))
        });
        ours.collect()
    }

    fn is_running(pid: u32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        // One that its parent has not reaped is as dead.
        stat.is_ok_and(|stat| !stat.contains(") Z"))
    }

    fn open_descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").unwrap().count()
    }

    /// Waits outside a loop.
    fn until_blocking(mut holds: impl FnMut() -> bool) {
        while !holds() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    #[test]
    fn fault_080_a_thousand_children_fifty_at_a_time_leave_nothing() {
        let name =
            "subprocess::counted::fault_080_a_thousand_children_fifty_at_a_time_leave_nothing";
        alone(name, || {
            on_each(each_builder(), |event_loop| {
                let before = open_descriptors();
                let codes = event_loop.run_until_complete(async {
                    let places = std::sync::Arc::new(Semaphore::new(50));
                    let all = (0..1_000).map(|number: i32| {
                        let places = places.clone();
                        async move {
                            let _place = places.acquire().await;
                            one_of_many(number).await
                        }
                    });
                    gather(all).await.unwrap()
                });
                let expected = (0..1_000).map(|number| Some(number % 256));
                assert!(codes.unwrap().into_iter().eq(expected));
                // The last ones may be known to have ended before the loop has put them away.
                let put_away = event_loop.run_until_complete(async {
                    while open_descriptors() != before || !children().is_empty() {
                        sleep(Duration::from_millis(1)).await;
                    }
                });
                assert!(put_away.is_ok());
            });
        });
    }

    /// Some are waited for at once, some after their end, some talk.
    async fn one_of_many(number: i32) -> Option<i32> {
        let line = format!("exit {}", number % 256);
        let builder = create_subprocess_shell(line);
        if number % 3 == 0 {
            let mut child = builder.stdin(PIPE).stdout(PIPE).stderr(PIPE).await.unwrap();
            child.communicate("hello").await.unwrap();
            return child.returncode();
        }
        let child = builder.await.unwrap();
        if number % 3 == 1 {
            until(|| child.returncode().is_some()).await;
        }
        child.wait().await.unwrap().code()
    }

    #[test]
    fn fault_081_a_dropped_handle_kills_or_leaves_its_child_as_told() {
        let name =
            "subprocess::counted::fault_081_a_dropped_handle_kills_or_leaves_its_child_as_told";
        alone(name, || {
            inside_each(async || {
                let sleeper = |time| create_subprocess_exec("sleep").arg(time);
                let killed = sleeper("60").kill_on_drop(true).await.unwrap();
                let left = sleeper("60").await.unwrap();
                let (killed_id, left_id) = (killed.id(), left.id());
                drop((killed, left));
                until(|| children().iter().all(|(pid, _)| *pid != killed_id)).await;
                assert!(is_running(left_id));
                let left = i32::try_from(left_id).unwrap();
                let left = rustix::process::Pid::from_raw(left).unwrap();
                rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
                until(|| children().is_empty()).await;
            });
        });
    }

    #[test]
    fn a_child_given_up_while_it_is_started_is_killed_and_reaped() {
        let name = "subprocess::counted::a_child_given_up_while_it_is_started_is_killed_and_reaped";
        alone(name, || {
            inside_each(async || {
                let before = open_descriptors();
                for wait in 0..40 {
                    let sleeper = create_subprocess_exec("sleep").arg("60").stdin(PIPE);
                    let start = wait_for(sleeper.into_future(), Duration::from_micros(100 * wait));
                    if let Ok(child) = start.await {
                        child.unwrap().kill().unwrap();
                    }
                }
                // Fewer, when one that was given up in the loop before was just being started.
                until(|| children().is_empty() && open_descriptors() <= before).await;
            });
        });
    }

    #[test]
    fn children_that_outlive_their_loop_are_reaped_all_the_same() {
        let name = "subprocess::counted::children_that_outlive_their_loop_are_reaped_all_the_same";
        alone(name, || {
            on_each(each_builder(), |event_loop| {
                let start = async {
                    let shell = create_subprocess_exec("cat").stdin(PIPE);
                    (
                        shell.await.unwrap(),
                        create_subprocess_exec("cat").stdin(PIPE).await.unwrap(),
                    )
                };
                let (kept, dropped) = event_loop.run_until_complete(start).unwrap();
                drop(event_loop);
                // Its stdin closes with it, and that ends it.
                drop(dropped);
                until_blocking(|| children().len() == 1);
                assert_eq!(kept.returncode(), None);
                kept.kill().unwrap();
                let ended = futures_lite::future::block_on(kept.wait()).unwrap();
                assert_eq!(ended.signal(), Some(SIGKILL.as_raw()));
                assert!(children().is_empty());
            });
        });
    }

    #[test]
    fn a_whole_tree_is_killed_by_its_group() {
        let name = "subprocess::counted::a_whole_tree_is_killed_by_its_group";
        alone(name, || {
            inside_each(async || {
                for is_dropped in [false, true] {
                    let (child, tree) = tree().await;
                    assert!(tree.iter().all(|pid| is_running(*pid)), "{tree:?}");
                    if !is_dropped {
                        child.kill_group().unwrap();
                        let ended = child.wait().await.unwrap();
                        assert_eq!(ended.signal(), Some(SIGKILL.as_raw()));
                        assert!(is_lookup_error(&child.kill_group().unwrap_err()));
                    }
                    drop(child);
                    until(|| !tree.iter().any(|pid| is_running(*pid))).await;
                    until(|| children().is_empty()).await;
                }
            });
        });
    }

    /// A shell with a shell with two sleepers, and the numbers of all but the first.
    async fn tree() -> (Process, Vec<u32>) {
        let line = "sh -c 'sleep 60 & echo $!; sleep 60 & echo $!; echo $$; wait' & wait";
        let mut child = create_subprocess_shell(line)
            .process_group(0)
            .kill_on_drop(true)
            .stdout(PIPE)
            .await
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = lines
            .take(3)
            .map(|line| line.unwrap().parse::<u32>().unwrap());
        (child, numbers.collect().await)
    }

    #[test]
    fn other_libraries_children_are_left_alone() {
        let name = "subprocess::counted::other_libraries_children_are_left_alone";
        alone(name, || {
            inside_each(async || {
                let mut foreign = std::process::Command::new("true").spawn().unwrap();
                until(|| children().contains(&(foreign.id(), 'Z'))).await;
                for _ in 0..20 {
                    let child = create_subprocess_exec("true").await.unwrap();
                    assert!(child.wait().await.unwrap().success());
                }
                assert!(foreign.wait().unwrap().success());
            });
        });
    }

    #[test]
    fn a_child_that_somebody_else_has_reaped_is_an_error_and_no_hang() {
        let name =
            "subprocess::counted::a_child_that_somebody_else_has_reaped_is_an_error_and_no_hang";
        alone(name, || {
            // It does not run while the thief is at it.
            let event_loop = EventLoop::new_current_thread().unwrap();
            let child = event_loop
                .run_until_complete(create_subprocess_with_stdin())
                .unwrap();
            child.kill().unwrap();
            let number = i32::try_from(child.id()).unwrap();
            let number = rustix::process::Pid::from_raw(number);
            rustix::process::waitpid(number, rustix::process::WaitOptions::empty()).unwrap();
            let unknown = event_loop.run_until_complete(child.wait()).unwrap();
            assert!(unknown.is_err());
            assert_eq!(child.returncode(), None);
            assert!(is_lookup_error(&child.kill().unwrap_err()));
        });
    }

    async fn create_subprocess_with_stdin() -> Process {
        create_subprocess_exec("cat").stdin(PIPE).await.unwrap()
    }

    #[test]
    fn a_child_inherits_no_descriptor_of_ours() {
        let name = "subprocess::counted::a_child_inherits_no_descriptor_of_ours";
        alone(name, || {
            // What we have inherited ourselves: everything of ours is made later.
            let line = "ls /proc/self/fd";
            let mut shell = std::process::Command::new("/bin/sh");
            let inherited = shell.args(["-c", line]).output().unwrap().stdout;
            inside_each(async || {
                let _listener = bowerbird::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .unwrap();
                let _other = create_subprocess_with_stdin().await;
                let _signal = bowerbird::signal::signal(SIGUSR1).unwrap();
                let mut child = create_subprocess_shell(line)
                    .stdin(PIPE)
                    .stdout(PIPE)
                    .stderr(STDOUT)
                    .await
                    .unwrap();
                let (told, _) = child.communicate(None).await.unwrap();
                assert_eq!(told.unwrap(), inherited);
            });
        });
    }

    #[test]
    fn fault_083_a_child_that_cannot_be_started_leaves_nothing() {
        let name = "subprocess::counted::fault_083_a_child_that_cannot_be_started_leaves_nothing";
        alone(name, || {
            inside_each(async || {
                // What is made once is there after the first child.
                assert_eq!(echoed(b"before").await, b"before");
                until(|| children().is_empty()).await;
                let open = open_descriptors();
                for _ in 0..10 {
                    fail_to_start().await;
                }
                assert!(children().is_empty());
                assert_eq!(open_descriptors(), open);
                assert_eq!(echoed(b"after").await, b"after");
            });
        });
    }

    /// One attempt for each reason, with pipes that must not stay.
    async fn fail_to_start() {
        const E2BIG: i32 = 7;

        let piped = |program: &str| {
            let child = create_subprocess_exec(program);
            child.stdin(PIPE).stdout(PIPE).stderr(PIPE)
        };
        let missing = piped("no-such-program").await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        let forbidden = piped("/etc/passwd").await.unwrap_err();
        assert_eq!(forbidden.kind(), ErrorKind::PermissionDenied);
        // More than the system takes as one argument.
        let long = "x".repeat(1 << 22);
        let long = piped("true").arg(long).await.unwrap_err();
        assert_eq!(long.raw_os_error(), Some(E2BIG));
        let nul = piped("true").arg("a\0b").await.unwrap_err();
        assert_eq!(nul.kind(), ErrorKind::InvalidInput);
        // Both through one pipe, which is made by us and not by std.
        let both = create_subprocess_exec("no-such-program").stdout(PIPE);
        let both = both.stderr(STDOUT).await.unwrap_err();
        assert_eq!(both.kind(), ErrorKind::NotFound);
    }

    async fn echoed(text: &'static [u8]) -> Vec<u8> {
        let cat = create_subprocess_exec("cat").stdin(PIPE).stdout(PIPE);
        let mut cat = cat.await.unwrap();
        let (told, _) = cat.communicate(Some(text)).await.unwrap();
        told.unwrap()
    }

    #[test]
    fn fault_100_without_a_descriptor_for_it_a_thread_watches_the_child() {
        let name =
            "subprocess::counted::fault_100_without_a_descriptor_for_it_a_thread_watches_the_child";
        alone(name, || {
            on_each(each_builder(), |event_loop| {
                let main = async {
                    let start = create_subprocess_exec("sleep").arg("0.05").into_future();
                    let child = crate::scarcity::without_descriptors(|| {
                        futures_lite::future::block_on(start).unwrap()
                    });
                    assert!(child.wait().await.unwrap().success());
                    assert!(children().is_empty());
                    // With pipes, there is nothing to fall back to.
                    let refused = crate::scarcity::without_descriptors(|| {
                        let start = create_subprocess_exec("cat").stdin(PIPE).into_future();
                        futures_lite::future::block_on(start).unwrap_err()
                    });
                    assert_eq!(refused.raw_os_error(), Some(24));
                    until(|| children().is_empty()).await;
                };
                event_loop.run_until_complete(main).unwrap();
            });
        });
    }
}
