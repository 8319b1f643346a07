//! Children that are stopped and go on: a pause is not an end, and nothing that was written in it
//! is lost. Unix.

use std::time::Duration;

use bowerbird::signal::{SIGCONT, SIGKILL, SIGSTOP};
use bowerbird::subprocess::{PIPE, Process, create_subprocess_exec, create_subprocess_shell};
use bowerbird::{create_task, gather, to_thread, wait_for};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::loops::inside_each;

/// Waits until the child is stopped, without taking anything from whoever waits for its end.
async fn until_stopped(child: &Process) {
    let number = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let looking = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let looked = to_thread(move || {
        let state = waitid(WaitId::Pid(number), looking).unwrap();
        state.unwrap().stopped()
    });
    assert!(looked.await.unwrap(), "it has ended");
}

#[test]
fn a_stopped_child_has_not_ended_and_goes_on_where_it_was() {
    inside_each(async || {
        let mut cat = create_subprocess_exec("cat")
            .stdin(PIPE)
            .stdout(PIPE)
            .kill_on_drop(true)
            .await
            .unwrap();
        let ending = create_task(cat.wait());
        let mut bytes = [0; 5];
        for _ in 0..3 {
            cat.send_signal(SIGSTOP).unwrap();
            until_stopped(&cat).await;
            let stdin = cat.stdin.as_mut().unwrap();
            stdin.write_all(b"still").await.unwrap();
            let stdout = cat.stdout.as_mut().unwrap();
            let silence = wait_for(stdout.read(&mut bytes), Duration::from_millis(5)).await;
            assert!(silence.is_err(), "it is stopped");
            assert_eq!(cat.returncode(), None);
            assert!(!ending.is_done());
            cat.send_signal(SIGCONT).unwrap();
            let stdout = cat.stdout.as_mut().unwrap();
            stdout.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"still");
        }
        cat.communicate(None).await.unwrap();
        assert_eq!(ending.await.unwrap().unwrap().code(), Some(0));
    });
}

#[test]
fn a_stopped_child_can_be_killed_and_all_who_wait_are_told() {
    inside_each(async || {
        let sleeper = create_subprocess_exec("sleep").arg("60").await.unwrap();
        let waiting = gather((0..3).map(|_| sleeper.wait()));
        sleeper.send_signal(SIGSTOP).unwrap();
        until_stopped(&sleeper).await;
        sleeper.kill().unwrap();
        for ended in waiting.await.unwrap() {
            ended.unwrap();
        }
        assert_eq!(sleeper.returncode(), Some(-SIGKILL.as_raw()));
    });
}

#[test]
fn a_whole_group_stops_and_goes_on() {
    inside_each(async || {
        // The shell's child does the talking; the shell waits for it.
        let mut shell = create_subprocess_shell("cat; echo over")
            .stdin(PIPE)
            .stdout(PIPE)
            .process_group(0)
            .kill_on_drop(true)
            .await
            .unwrap();
        let mut bytes = [0; 2];
        let stdin = shell.stdin.as_mut().unwrap();
        stdin.write_all(b"up").await.unwrap();
        let stdout = shell.stdout.as_mut().unwrap();
        stdout.read_exact(&mut bytes).await.unwrap();

        shell.send_signal_to_group(SIGSTOP).unwrap();
        until_stopped(&shell).await;
        let stdin = shell.stdin.as_mut().unwrap();
        stdin.write_all(b"on").await.unwrap();
        shell.send_signal_to_group(SIGCONT).unwrap();
        let (rest, _) = shell.communicate(None).await.unwrap();
        assert_eq!(rest.unwrap(), b"onover\n");
    });
}
