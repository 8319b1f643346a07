//! A chat client: what you type goes to the room, what the room says comes to you, line by line.
//!
//! ```text
//! cargo run --example chat &
//! cargo run --example line_chat -- 127.0.0.1:7780
//! ```
//!
//! Reading from the terminal blocks, so it has a thread, which hands its lines over through a queue
//! and waits while that is full. The end of the input (Ctrl-D) says goodbye and waits for what is
//! still to come; so does the end of the room.
#![expect(clippy::print_stdout, reason = "a program that talks to its user")]

use std::io::{self, BufRead};
use std::thread;

use bowerbird::{EventLoop, Queue, StreamReader, create_task, get_running_loop, open_connection};
use futures_lite::future;

#[bowerbird::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:7780");
    let lines = Queue::new(10);
    let (typed, event_loop) = (lines.clone(), get_running_loop());
    let event_loop = event_loop.map_err(io::Error::other)?;
    // Not `to_thread`: the program is not to wait for a line that nobody types any more.
    thread::spawn(move || type_lines(&event_loop, &typed));
    chat(address, lines, |line| print!("{line}")).await
}

/// Sends what comes from `typed`, up to its shutdown, and gives what the room says to `heard`.
///
/// # Errors
/// When the room cannot be reached, or the connection breaks.
pub(crate) async fn chat(
    address: &str,
    typed: Queue<String>,
    heard: impl Fn(String) + Send + 'static,
) -> io::Result<()> {
    let (reader, writer) = open_connection(address).await?;
    let mut listening = create_task(listen(reader, heard));
    loop {
        let next = async { Ok(typed.get().await) };
        let over = async { Err((&mut listening).await) };
        match future::or(next, over).await {
            Ok(Ok(line)) => writer.write(line).await?,
            Ok(Err(_all_typed)) => break,
            Err(ended) => return ended.map_err(io::Error::other)?,
        }
    }
    writer.write_eof()?;
    listening.await.map_err(io::Error::other)?
}

async fn listen(mut reader: StreamReader, heard: impl Fn(String)) -> io::Result<()> {
    let mut lines = reader.lines();
    while let Some(line) = lines.next().await {
        heard(String::from_utf8_lossy(&line?).into_owned());
    }
    Ok(())
}

/// Reads the terminal, on a thread of its own.
fn type_lines(event_loop: &EventLoop, typed: &Queue<String>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let queue = typed.clone();
        let mut putting = event_loop.create_task(async move { queue.put(line + "\n").await });
        if !matches!(putting.blocking_result(None), Some(Ok(Ok(())))) {
            return;
        }
    }
    typed.shutdown(false);
}
