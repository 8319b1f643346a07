//! The examples of streams do what they say: the crawler fetches each page of a site once, few at a
//! time; the chat client says and hears everything.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bowerbird::{Queue, StreamReader, StreamWriter, start_server, yield_now};

#[path = "../examples/crawler.rs"]
mod crawler;

#[allow(dead_code, reason = "tests have no terminal to read from")]
#[path = "../examples/line_chat.rs"]
mod line_chat;

/// A site of numbered pages: each leads to two others and back.
#[derive(Default)]
struct Site {
    /// Pages, in the order they were asked for.
    asked: Mutex<Vec<String>>,
    /// Requests that are being answered.
    busy: AtomicUsize,
    /// The most there ever were.
    busiest: AtomicUsize,
}

const PAGES: usize = 40;

async fn answer(site: Arc<Site>, mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    let request = String::from_utf8_lossy(&reader.readline().await?).into_owned();
    while reader.readline().await?.len() > 2 {}
    // Relaxed: only the highest number counts, whoever saw it.
    let busy = site.busy.fetch_add(1, Ordering::Relaxed) + 1;
    site.busiest.fetch_max(busy, Ordering::Relaxed);
    for _ in 0..5 {
        yield_now().await;
    }
    site.busy.fetch_sub(1, Ordering::Relaxed);
    let path = request.split(' ').nth(1).unwrap_or_default();
    site.asked.lock().expect("no panics").push(path.to_owned());
    let Some(number) = path
        .strip_prefix("/page/")
        .and_then(|text| text.parse::<usize>().ok())
    else {
        return writer.write("HTTP/1.0 404 Not Found\r\n\r\n").await;
    };
    let links = [number * 2, number * 2 + 1, 1, PAGES + 7];
    let links = links.map(|to| match to {
        1..PAGES => format!("<a href=\"{to}\">"),
        _ => "<a href=\"/missing#here\"><a href=\"https://elsewhere.example/\">".to_owned(),
    });
    let page = format!("HTTP/1.0 200 OK\r\nServer: test\r\n\r\n{}", links.concat());
    writer.write(page).await
}

#[test]
fn every_page_is_fetched_once_and_few_at_a_time() {
    bowerbird::run(async {
        let site = Arc::new(Site::default());
        let shared = site.clone();
        let handler = move |reader, writer| answer(shared.clone(), reader, writer);
        let server = start_server(handler, "127.0.0.1:0")
            .await
            .expect("a free port");
        let host = server.local_addrs()[0].to_string();
        let pages = crawler::crawl(host, "/page/1".to_owned(), 4).await;
        assert_eq!(pages.len(), PAGES);
        let missing = pages["/missing"].as_ref().expect("it was answered");
        assert_eq!(missing, "HTTP/1.0 404 Not Found");
        let found = pages
            .values()
            .filter(|page| matches!(page, Ok(line) if line.ends_with("OK")));
        assert_eq!(found.count(), PAGES - 1);
        let mut asked = site.asked.lock().expect("no panics").clone();
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), site.asked.lock().expect("no panics").len());
        assert!(site.busiest.load(Ordering::Relaxed) <= 4);
    });
}

#[test]
fn what_is_typed_is_said_and_what_is_said_is_heard() {
    bowerbird::run(async {
        let room = async |mut reader: StreamReader, writer: StreamWriter| {
            writer.write("welcome\n");
            loop {
                let line = reader.readline().await?;
                if line.is_empty() {
                    return writer.write("goodbye\n").await;
                }
                writer.write(line.to_ascii_uppercase()).await?;
            }
        };
        let server = start_server(room, "127.0.0.1:0")
            .await
            .expect("a free port");
        let address = server.local_addrs()[0].to_string();
        let (typed, heard) = (Queue::new(0), Arc::new(Mutex::new(String::new())));
        for line in ["one\n", "two\n"] {
            typed.put_nowait(line.to_owned()).expect("it has no limit");
        }
        typed.shutdown(false);
        let ear = heard.clone();
        let hear = move |line: String| ear.lock().expect("no panics").push_str(&line);
        line_chat::chat(&address, typed, hear)
            .await
            .expect("the room is there");
        let heard = heard.lock().expect("no panics").clone();
        assert_eq!(heard, "welcome\nONE\nTWO\ngoodbye\n");
    });
}
