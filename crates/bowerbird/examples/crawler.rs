//! A crawler: follows the links of one site, a few pages at a time, over HTTP/1.0 by hand.
//!
//! ```text
//! python3 -m http.server 8000 &
//! cargo run --example crawler -- 127.0.0.1:8000 / 8
//! ```
//!
//! The last argument says how many pages are fetched at once. Pages wait in a queue, workers take
//! them from there, and `join` knows when the last one is done.
#![expect(clippy::print_stdout, reason = "a program that talks to its user")]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::{Queue, create_task, open_connection, wait_for};

/// Pages that take longer are given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of each page: its status line, or why there is none.
pub(crate) type Pages = BTreeMap<String, Result<String, String>>;

#[bowerbird::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let host = arguments
        .next()
        .unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let start = arguments.next().unwrap_or_else(|| "/".to_owned());
    let at_once = arguments.next().and_then(|text| text.parse().ok());
    for (path, page) in crawl(host, start, at_once.unwrap_or(8)).await {
        match page {
            Ok(status) => println!("{path}  {status}"),
            Err(error) => println!("{path}  failed: {error}"),
        }
    }
}

/// Fetches `start`, and every page of `host` that leads from there, at most `at_once` at a time.
pub(crate) async fn crawl(host: String, start: String, at_once: usize) -> Pages {
    let crawl = Arc::new(Crawl {
        host,
        to_do: Queue::new(0),
        pages: Mutex::default(),
    });
    crawl.found(start);
    let worker = |_| create_task(work(crawl.clone()));
    let workers: Vec<_> = (0..at_once).map(worker).collect();
    crawl.to_do.join().await;
    for worker in workers {
        worker.cancel();
    }
    std::mem::take(&mut *crawl.pages.lock().expect("nobody panics with it"))
}

/// What the workers share.
struct Crawl {
    /// `host:port`.
    host: String,
    /// Pages to fetch.
    to_do: Queue<String>,
    /// Pages that were found; each is fetched once.
    pages: Mutex<Pages>,
}

impl Crawl {
    /// Puts a page into the queue, unless it was there before.
    fn found(&self, path: String) {
        let unknown = Err("not fetched yet".to_owned());
        let mut pages = self.pages.lock().expect("nobody panics with it");
        if !pages.contains_key(&path) {
            pages.insert(path.clone(), unknown);
            self.to_do.put_nowait(path).expect("the queue has no limit");
        }
    }
}

async fn work(crawl: Arc<Crawl>) {
    while let Ok(path) = crawl.to_do.get().await {
        let page = match wait_for(fetch(&crawl.host, &path), PATIENCE).await {
            Ok(Ok((status, body))) => {
                links(&body, &path).for_each(|link| crawl.found(link));
                Ok(status)
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(late) => Err(late.to_string()),
        };
        let mut pages = crawl.pages.lock().expect("nobody panics with it");
        pages.insert(path, page);
        drop(pages);
        crawl.to_do.task_done().expect("once for each page");
    }
}

/// The status line of a page, and its body.
async fn fetch(host: &str, path: &str) -> io::Result<(String, String)> {
    let (mut reader, writer) = open_connection(host).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    writer.write(request).await?;
    let status = text(reader.readline().await?);
    while reader.readline().await?.len() > 2 {
        // A header; an empty line ends them.
    }
    let body = text(reader.read(None).await?);
    writer.close();
    Ok((status.trim_end().to_owned(), body))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The pages of the same site that a page leads to.
fn links<'a>(body: &'a str, path: &'a str) -> impl Iterator<Item = String> + 'a {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let targets = body.split("href=\"").skip(1);
    let targets = targets.filter_map(|rest| rest.split(['"', '#', '?']).next());
    targets
        .filter(|target| !target.is_empty() && !target.contains("//") && !target.contains(':'))
        .map(move |target| match target.strip_prefix('/') {
            Some(absolute) => format!("/{absolute}"),
            None => format!("{folder}/{target}"),
        })
}
