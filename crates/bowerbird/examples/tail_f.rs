//! Follows a file: prints its last lines, and then whatever is written to it.
//!
//! ```text
//! cargo run --release --example tail_f -- FILE [--lines N] [--every MILLISECONDS] [--seconds N]
//! ```
//!
//! It looks for news at an interval (100 ms unless told otherwise) rather than being told by the
//! system: that works on every file system, those of other machines included, and on every
//! platform. A file that was cut off is read from its start again, and so is another one that has
//! taken the file's name, as happens when logs are rotated; while there is none, it waits for one.
//! It ends after `--seconds`, or when it is interrupted.

use std::io::{self, ErrorKind, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bowerbird::fs::{self, File, Metadata};
use bowerbird::{interval, to_thread, wait_for};

/// Bytes that are read at once, forwards and backwards.
const BLOCK: usize = 64 << 10;

#[bowerbird::main]
async fn main() -> io::Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let following = follow(&options);
    match wait_for(following, options.limit).await {
        Ok(ended) => ended,
        // As long as was asked for.
        Err(_timeout) => Ok(()),
    }
}

/// Prints the end of the file, and then what comes, for ever.
async fn follow(options: &Options) -> io::Result<()> {
    let mut file = File::open(&options.path).await?;
    let start = start_of_lines(&file, options.lines).await?;
    file.seek(SeekFrom::Start(start)).await?;
    let mut looks = interval(options.every);
    loop {
        print_rest(&mut file).await?;
        looks.tick().await;
        if let Some(successor) = successor(&file, &options.path).await? {
            // Its last words may have come after we looked.
            print_rest(&mut file).await?;
            eprintln!("{}: another file has this name now", options.path.display());
            file = successor;
        } else if file.metadata().await?.len() < file.stream_position().await? {
            eprintln!("{}: cut off, from the start again", options.path.display());
            file.rewind().await?;
        }
    }
}

/// Prints all there is from here on.
async fn print_rest(file: &mut File) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        let length = file.read(&mut block).await?;
        if length == 0 {
            return Ok(());
        }
        let news = block[..length].to_owned();
        // Who reads our output may be slow, and printing blocks until they are done.
        let printed = to_thread(move || {
            let mut output = io::stdout().lock();
            output.write_all(&news)?;
            output.flush()
        });
        printed.await.map_err(io::Error::other)??;
    }
}

/// Where the last `lines` lines begin. The end of the last line does not begin another one.
async fn start_of_lines(file: &File, lines: usize) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let end = file.metadata().await?.len();
    let mut at = end;
    let mut ends = 0;
    while at > 0 && lines > 0 {
        let start = at.saturating_sub(BLOCK as u64);
        let part = &mut block[..(at - start) as usize];
        file.read_exact_at(part, start).await?;
        for (index, &byte) in part.iter().enumerate().rev() {
            let after = start + index as u64 + 1;
            if byte != b'\n' || after == end {
                continue;
            }
            ends += 1;
            if ends == lines {
                return Ok(after);
            }
        }
        at = start;
    }
    Ok(if lines == 0 { end } else { 0 })
}

/// The file that has the name now, if it is another one.
async fn successor(file: &File, path: &Path) -> io::Result<Option<File>> {
    let named = match fs::metadata(path).await {
        Ok(named) => named,
        // Moved away, and the next one has not been made yet.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if is_same(&named, &file.metadata().await?) {
        return Ok(None);
    }
    match File::open(path).await {
        Ok(successor) => Ok(Some(successor)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Where files have no numbers, the time of their making tells them apart.
#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// What the user wants.
struct Options {
    /// The file.
    path: PathBuf,
    /// How many of its last lines to begin with.
    lines: usize,
    /// How often to look.
    every: Duration,
    /// When to end.
    limit: Option<Duration>,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> io::Result<Self> {
        let mut path = None;
        let (mut lines, mut every, mut limit) = (10, 100, None);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--lines" => lines = number(words.next())?,
                "--every" => every = number(words.next())?,
                "--seconds" => limit = Some(number(words.next())?),
                _ if path.is_none() => path = Some(PathBuf::from(word)),
                _ => return Err(usage()),
            }
        }
        if every == 0 {
            return Err(usage());
        }
        Ok(Self {
            path: path.ok_or_else(usage)?,
            lines,
            every: Duration::from_millis(every),
            limit: limit.map(Duration::from_secs),
        })
    }
}

fn number<T: std::str::FromStr>(word: Option<String>) -> io::Result<T> {
    word.and_then(|word| word.parse().ok()).ok_or_else(usage)
}

fn usage() -> io::Error {
    let usage = "usage: tail_f FILE [--lines N] [--every MILLISECONDS, at least 1] [--seconds N]";
    io::Error::new(ErrorKind::InvalidInput, usage)
}
