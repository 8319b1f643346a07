//! A chat room over TCP: what one says, all others hear.
//!
//! ```text
//! cargo run --example chat [-- ADDRESS]
//! ```
//!
//! It prints the address it listens on (127.0.0.1:7780 unless told otherwise; port 0 takes a free
//! one) and serves until it is interrupted. To join: `nc 127.0.0.1 7780`. The first line is one's
//! name, every other line a message. Who cannot keep up with reading is shown out, so that nobody
//! waits for the slowest, and a line that never ends fills nobody's memory.
#![expect(clippy::print_stdout, reason = "a program that talks to its user")]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bowerbird::net::{OwnedWriteHalf, TcpListener, TcpStream, is_out_of_resources};
use bowerbird::{Event, Queue, create_task, sleep};
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, future};

/// Messages that one guest may be behind.
const MESSAGES_BEHIND: usize = 100;

/// Bytes of a line, its end included.
const LINE_LIMIT: u64 = 4_096;

/// How long to wait for a descriptor when there is none.
const BACK_OFF: Duration = Duration::from_millis(100);

#[bowerbird::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:7780");
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let room = Arc::new(Room::default());
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                let room = room.clone();
                create_task(async move {
                    // A guest that went away in the midst of it is that guest's affair.
                    if let Err(error) = visit(stream, &room).await {
                        eprintln!("a guest is gone: {error}");
                    }
                })
                .detach();
            }
            // The guest stays in the backlog; trying at once would only burn the processor.
            Err(error) if is_out_of_resources(&error) => sleep(BACK_OFF).await,
            Err(error) => eprintln!("cannot accept: {error}"),
        }
    }
}

/// One guest, from the name to the end.
async fn visit(stream: TcpStream, room: &Room) -> io::Result<()> {
    let (reader, writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let Some(name) = line(&mut reader).await? else {
        return Ok(());
    };
    let seat = room.enter(&format!("* welcome, {name}\n"));
    room.say(&format!("* {name} is here\n"), seat.number);
    let hearing = async {
        while let Some(said) = line(&mut reader).await? {
            room.say(&format!("{name}: {said}\n"), seat.number);
        }
        Ok(())
    };
    let telling = tell(writer, &seat.guest.messages);
    let too_slow = async {
        seat.guest.is_behind.wait().await;
        Err(io::Error::new(io::ErrorKind::TimedOut, "too slow a reader"))
    };
    // Whichever ends first drops the other two where they are.
    let ended = future::or(future::or(hearing, telling), too_slow).await;
    room.say(&format!("* {name} is gone\n"), seat.number);
    ended
}

/// The next line without its end; `None` when there is none.
async fn line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    reader
        .take(LINE_LIMIT)
        .read_until(b'\n', &mut bytes)
        .await?;
    if bytes.len() as u64 == LINE_LIMIT && !bytes.ends_with(b"\n") {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the line is too long",
        ));
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_end().to_owned()))
}

/// Writes what others say, for as long as the guest is here.
async fn tell(mut writer: OwnedWriteHalf<TcpStream>, messages: &Queue<Arc<str>>) -> io::Result<()> {
    loop {
        let message = messages.get().await.map_err(io::Error::other)?;
        writer.write_all(message.as_bytes()).await?;
    }
}

/// Who is there.
#[derive(Default)]
struct Room {
    /// Locked for a moment at a time, never across an await.
    guests: Mutex<Guests>,
}

#[derive(Default)]
struct Guests {
    /// Those who are in the room, by number.
    present: BTreeMap<u64, Arc<Guest>>,
    /// The next guest's number.
    next: u64,
}

struct Guest {
    /// What was said and not heard yet.
    messages: Queue<Arc<str>>,
    /// Set when that became too much.
    is_behind: Event,
}

impl Room {
    fn enter(&self, welcome: &str) -> Seat<'_> {
        let messages = Queue::new(MESSAGES_BEHIND);
        messages
            .put_nowait(welcome.into())
            .expect("it is empty and open");
        let guest = Arc::new(Guest {
            messages,
            is_behind: Event::new(),
        });
        let mut guests = self.lock();
        let number = guests.next;
        guests.next += 1;
        guests.present.insert(number, guest.clone());
        Seat {
            room: self,
            number,
            guest,
        }
    }

    /// Tells all but `speaker`. Waits for nobody: whose queue is full is shown out.
    fn say(&self, message: &str, speaker: u64) {
        let message = Arc::<str>::from(message);
        for (number, guest) in &self.lock().present {
            if *number != speaker && guest.messages.put_nowait(message.clone()).is_err() {
                guest.is_behind.set();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guest's place in the room, given up by dropping it.
struct Seat<'a> {
    /// Where.
    room: &'a Room,
    /// Under which number.
    number: u64,
    /// Whose.
    guest: Arc<Guest>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.room.lock().present.remove(&self.number);
    }
}
