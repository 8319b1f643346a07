//! A child's pipes as asyncio's streams: lines out of it, text into it with back-pressure. Unix.

use std::io::ErrorKind;
use std::time::Duration;

use bowerbird::subprocess::{PIPE, Process, create_subprocess_exec, create_subprocess_shell};
use bowerbird::{ReadError, StreamReader, StreamWriter, create_task, wait_for};

use crate::alone::alone;
use crate::folder::pattern;
use crate::loops::inside_each;

/// More than pipes and buffers hold.
const PLENTY: usize = 4 << 20;

fn streams(child: &mut Process) -> (StreamReader, StreamWriter) {
    let stdout = child.stdout.take().unwrap().into_reader();
    (stdout, child.stdin.take().unwrap().into_writer())
}

async fn cat() -> (Process, StreamReader, StreamWriter) {
    let cat = create_subprocess_exec("cat").stdin(PIPE).stdout(PIPE);
    let mut cat = cat.kill_on_drop(true).await.unwrap();
    let (reader, writer) = streams(&mut cat);
    (cat, reader, writer)
}

#[test]
fn a_child_is_talked_to_in_lines() {
    inside_each(async || {
        let (cat, mut reader, writer) = cat().await;
        for line in ["one\n", "two\n"] {
            writer.write(line).await.unwrap();
            assert_eq!(reader.readline().await.unwrap(), line.as_bytes());
        }
        writer.write("three").await.unwrap();
        assert!(writer.can_write_eof());
        writer.write_eof().unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"three");
        assert_eq!(reader.readline().await.unwrap(), b"");
        assert!(reader.at_eof());
        assert_eq!(cat.wait().await.unwrap().code(), Some(0));
    });
}

#[test]
fn what_a_dropped_writer_had_taken_reaches_the_child_and_then_its_end() {
    inside_each(async || {
        let (cat, mut reader, writer) = cat().await;
        writer.write(pattern(PLENTY));
        drop(writer);
        assert!(reader.read(None).await.unwrap() == pattern(PLENTY));
        assert_eq!(cat.wait().await.unwrap().code(), Some(0));
    });
}

#[test]
fn fault_070_a_child_that_does_not_read_makes_its_writer_wait() {
    inside_each(async || {
        let (_cat, mut reader, writer) = cat().await;
        let mut written = 0;
        let filling = async {
            loop {
                writer.write([7; 10_000]).await.unwrap();
                written += 10_000;
            }
        };
        let filled: Result<(), _> = wait_for(filling, Duration::from_millis(20)).await;
        assert!(filled.is_err() && written > 0);
        assert!(written < PLENTY, "{written} bytes are somewhere");
        assert!(writer.write_buffer_size() > 0);
        let emptying = create_task(async move { reader.read(None).await.unwrap().len() });
        writer.drain().await.unwrap();
        writer.close();
        writer.wait_closed().await.unwrap();
        // The last block was written, and then waited for in vain.
        assert_eq!(emptying.await.unwrap(), written + 10_000);
    });
}

#[test]
fn a_child_that_has_gone_is_an_error_for_its_writer_and_an_end_for_its_reader() {
    inside_each(async || {
        let (cat, mut reader, writer) = cat().await;
        cat.kill().unwrap();
        cat.wait().await.unwrap();
        assert_eq!(reader.read(1).await.unwrap(), b"");
        let refused = loop {
            // The first write may only find out.
            match writer.write("anybody?").await {
                Ok(()) => bowerbird::yield_now().await,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), ErrorKind::BrokenPipe);
        assert_eq!(
            writer.wait_closed().await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
    });
}

#[test]
fn lines_of_a_child_have_a_limit_and_what_follows_is_read() {
    inside_each(async || {
        let line = "head -c 100000 /dev/zero | tr '\\0' x; echo; echo short >&2; echo last";
        let shell = create_subprocess_shell(line).stdout(PIPE).stderr(PIPE);
        let mut shell = shell.await.unwrap();
        let mut stdout = shell.stdout.take().unwrap().into_reader();
        let mut stderr = shell.stderr.take().unwrap().into_reader();
        assert!(matches!(
            stdout.readline().await,
            Err(ReadError::LimitOverrun(_))
        ));
        assert_eq!(stderr.readline().await.unwrap(), b"short\n");
        // What is left of the long line, if anything of it came later, and all behind it.
        let rest = stdout.read(None).await.unwrap();
        assert!(rest.ends_with(b"last\n"));
        // What was taken is not there for `communicate`.
        assert_eq!(shell.communicate(None).await.unwrap(), (None, None));
    });
}

#[test]
fn a_closed_or_dropped_stream_leaves_no_descriptor() {
    let name = "subprocess_streams::a_closed_or_dropped_stream_leaves_no_descriptor";
    alone(name, || {
        let open = || std::fs::read_dir("/dev/fd").unwrap().count();
        let before = open();
        inside_each(async || {
            for round in 0..10 {
                let (cat, reader, writer) = cat().await;
                match round % 3 {
                    0 => writer.close(),
                    1 => writer.abort(),
                    _ => drop(writer),
                }
                if round % 2 == 0 {
                    drop(reader);
                }
                cat.wait().await.unwrap();
            }
        });
        assert_eq!(open(), before);
    });
}
