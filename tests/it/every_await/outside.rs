//! Programs that wait for what is outside of them: other tasks, connections, child processes.

use std::io;

use bowerbird::{
    Promise, ReturnWhen, StreamReader, StreamWriter, as_completed, create_task, open_connection,
    shield, start_server, wait, yield_now,
};

use super::at_every_await;
use super::programs::{Crew, OnDrop};

#[test]
fn waits_and_shields_let_go_of_tasks_that_run_on() {
    at_every_await(
        Crew::default,
        |crew| async move {
            let tasks: Vec<_> = (1..4)
                .map(|rounds| create_task(crew.clone().work(rounds)))
                .collect();
            let first = wait(tasks).return_when(ReturnWhen::FirstCompleted);
            let (done, pending) = first.await;
            assert!(!done.is_empty());
            let mut rest = as_completed(pending);
            while let Some(worked) = rest.next().await {
                assert!(worked.unwrap().is_ok());
            }
            assert!(shield(crew.clone().work(2)).await.unwrap().is_ok());
            let promise = Promise::new();
            let kept = promise.clone();
            let keeper = create_task(async move {
                yield_now().await;
                kept.set_result(1).unwrap();
            });
            assert_eq!(promise.await.unwrap(), 1);
            keeper.await.unwrap();
        },
        Crew::assert_nothing_is_held,
    );
}

#[test]
fn a_connection_that_is_given_up_ends_at_both_ends() {
    at_every_await(
        Crew::default,
        |crew| async move {
            let at_server = crew.clone();
            let handler = move |reader, writer| echo(at_server.clone(), reader, writer);
            let server = start_server(handler, "127.0.0.1:0").await.unwrap();
            let closed = server.clone();
            let _closed = OnDrop(move || closed.close());
            let _held = crew.hold();
            let (mut reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
            for _ in 0..2 {
                writer.write("line\n").await.unwrap();
                assert_eq!(reader.readline().await.unwrap(), b"line\n");
            }
            writer.write("until;").await.unwrap();
            assert_eq!(reader.readuntil(";").await.unwrap(), b"until;");
            writer.close();
            writer.wait_closed().await.unwrap();
            server.close();
            server.wait_closed().await;
        },
        Crew::assert_nothing_is_held,
    );
}

/// Sends back what comes, and holds something as long as it lives.
async fn echo(
    crew: std::sync::Arc<Crew>,
    mut reader: StreamReader,
    writer: StreamWriter,
) -> io::Result<()> {
    let _held = crew.hold();
    loop {
        let bytes = reader.read(100).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        if writer.write(bytes).await.is_err() {
            // The other end was given up.
            return Ok(());
        }
    }
}

#[cfg(target_os = "linux")]
mod children {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use bowerbird::subprocess::{PIPE, create_subprocess_exec};
    use bowerbird::wait_for;
    use futures_lite::{AsyncReadExt, AsyncWriteExt};

    use super::at_every_await;

    /// An argument that only one child of one test has: a time to sleep.
    fn marker() -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: only that each caller gets another number matters.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("3600.{}{number:06}", std::process::id())
    }

    /// Whether a process with this argument lives; what has ended has no arguments any more.
    fn lives(argument: &str) -> bool {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut lines = processes.map(|process| std::fs::read(process.path().join("cmdline")));
        lines.any(|line| {
            let line = line.unwrap_or_default();
            line.split(|&byte| byte == 0)
                .any(|word| word == argument.as_bytes())
        })
    }

    #[test]
    fn a_child_that_is_given_up_does_not_live_on() {
        at_every_await(
            marker,
            |argument| async move {
                let sleeper = create_subprocess_exec("sleep").arg(&*argument);
                let sleeper = sleeper.kill_on_drop(true).await.unwrap();
                let slept = wait_for(sleeper.wait(), Duration::from_millis(1)).await;
                assert!(slept.is_err());
                let cat = create_subprocess_exec("cat").stdin(PIPE).stdout(PIPE);
                let mut cat = cat.kill_on_drop(true).await.unwrap();
                cat.stdin
                    .as_mut()
                    .unwrap()
                    .write_all(b"through")
                    .await
                    .unwrap();
                let mut through = [0; 7];
                cat.stdout
                    .as_mut()
                    .unwrap()
                    .read_exact(&mut through)
                    .await
                    .unwrap();
                let (rest, _) = cat.communicate("out").await.unwrap();
                assert_eq!((&through, &*rest.unwrap()), (b"through", &b"out"[..]));
                sleeper.kill().unwrap();
                sleeper.wait().await.unwrap();
            },
            |argument| {
                // The signal is on its way; who was never killed hangs the test.
                while lives(argument) {
                    std::thread::yield_now();
                }
            },
        );
    }
}
