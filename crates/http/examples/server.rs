//! A small web server: `server [address]`, at 127.0.0.1:8080 unless told otherwise.
//!
//! An axum router on bowerbird's loop: a page, JSON both ways, a chat over WebSockets, uploads and
//! the files that came of them, a clock that ticks, work that blocks a thread, and an answer that
//! takes a while. Ctrl-C or SIGTERM stops it gracefully: whoever waits is answered first, and
//! whoever chats or listens is told.

#![expect(clippy::print_stdout, reason = "an example speaks to its user")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bowerbird::{Lock, fs, sleep, to_thread};
use bowerbird_http::files::{ServeDir, WithFiles};
use bowerbird_http::multipart::{MultipartError, MultipartReader};
use bowerbird_http::sse::{Event, EventSourceBody, EventSourceResponse, last_event_id};
use bowerbird_http::ws::{
    Deflate, Message, Upgraded, WebSocket, WebSocketError, WebSocketOptions, WebSocketUpgrade,
};
use bowerbird_http::{App, Server, read_body};
use serde_json::{Value, json};

/// The largest upload, in bytes.
const UPLOAD_LIMIT: usize = 16 * 1024 * 1024;

/// The largest form with files, in bytes.
const FORM_LIMIT: u64 = 256 * 1024 * 1024;

/// The longest that anybody may be kept waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the guests have said.
type Guests = Arc<Lock<Vec<Value>>>;

/// Who chats.
type Chat = Arc<Lock<Vec<WebSocket<Upgraded>>>>;

/// Where files go that guests have sent.
#[derive(Clone)]
struct Uploads {
    /// Removed when the server has stopped.
    folder: PathBuf,
    /// How many have come.
    count: Arc<AtomicUsize>,
}

#[bowerbird::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let addr = std::env::args().nth(1);
    let addr = addr.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let server = Server::bind(addr).await?;
    let here = format!("http://{}", server.local_addrs()[0]);
    println!("open {here}/ or try");
    println!("  curl {here}/hello/you");
    println!("  curl {here}/guests -H 'content-type: application/json' -d '{{\"name\":\"you\"}}'");
    println!("  curl {here}/upload -T Cargo.toml -X POST");
    println!("  curl {here}/form -F file=@Cargo.toml   and then {here}/files/1.toml");
    println!("  curl -N {here}/clock");
    println!("  curl {here}/primes/1000000");
    println!("  curl {here}/wait/5   and Ctrl-C here meanwhile");
    println!("  two windows of {here}/ to chat");
    let stopped = app().run(server).await?;
    println!("stopped; cancelled: {}", stopped.cancelled);
    Ok(())
}

/// The routes, and a folder that is there as long as they are.
fn app() -> App<WithFiles<Router>> {
    let name = format!("bowerbird-uploads-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let uploads = Uploads {
        folder: folder.clone(),
        count: Arc::default(),
    };
    let app = App::new(routes(uploads)).add_static("/files", ServeDir::new(&folder));
    app.cleanup_ctx(async move || {
        fs::create_dir(&folder).await?;
        Ok(async move || Ok(fs::remove_dir_all(folder).await?))
    })
}

fn routes(uploads: Uploads) -> Router {
    Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/hello/{name}", get(hello))
        .route("/guests", get(guests).post(sign))
        .with_state(Guests::default())
        .route("/chat", get(chat))
        .with_state(Chat::default())
        .route("/upload", post(upload))
        .route("/form", post(store))
        .with_state(uploads)
        .route("/clock", get(clock))
        .route("/primes/{below}", get(primes))
        .route("/wait/{seconds}", get(wait))
}

async fn hello(Path(name): Path<String>) -> String {
    format!("hello, {name}\n")
}

async fn guests(State(guests): State<Guests>) -> Json<Vec<Value>> {
    Json(guests.lock().await.clone())
}

async fn sign(State(guests): State<Guests>, Json(guest): Json<Value>) -> Json<Value> {
    let mut guests = guests.lock().await;
    guests.push(guest);
    Json(json!({ "guests": guests.len() }))
}

/// Tells everybody what anybody says.
async fn chat(State(chat): State<Chat>, mut request: Request) -> Response {
    match WebSocketUpgrade::from_request(&mut request) {
        Ok(upgrade) => {
            upgrade
                .options(packed())
                .accept(async move |socket: WebSocket<Upgraded>| {
                    chat.lock().await.push(socket.clone());
                    let ended = listen(&chat, &socket).await;
                    chat.lock().await.retain(|other| !other.is_closed());
                    ended
                })
        }
        Err(error) => error.to_response::<Body>(),
    }
}

/// What is said is public: nothing in it can be guessed from how well it packs.
fn packed() -> WebSocketOptions {
    WebSocketOptions::new().compress(Deflate::new())
}

async fn listen(chat: &Chat, socket: &WebSocket<Upgraded>) -> Result<(), WebSocketError> {
    while let Some(said) = socket.receive().await? {
        tell(chat, &said).await;
    }
    Ok(())
}

async fn tell(chat: &Chat, said: &Message) {
    let everybody = chat.lock().await.clone();
    for one in everybody {
        // Who cannot be told has gone, which whoever listens to them sees.
        let _told = one.send(said.clone()).await;
    }
}

/// Takes a file, and tells its length and its sum.
async fn upload(body: Body) -> Response {
    match read_body(body, UPLOAD_LIMIT).await {
        Ok(file) => {
            let sum: u64 = file.iter().map(|&byte| u64::from(byte)).sum();
            Json(json!({ "bytes": file.len(), "sum": sum })).into_response()
        }
        Err(error) => error.to_response::<Body>(),
    }
}

/// Takes a form with files, and tells where they are to be had.
async fn store(State(uploads): State<Uploads>, request: Request) -> Response {
    match uploads.store(request).await {
        Ok(places) => Json(places).into_response(),
        Err(error) => error.to_response::<Body>(),
    }
}

impl Uploads {
    async fn store(&self, request: Request) -> Result<Vec<String>, MultipartError> {
        let mut form = MultipartReader::from_request(request)?.max_body_bytes(FORM_LIMIT);
        let mut places = Vec::new();
        while let Some(part) = form.next().await? {
            // Fields without files are of no use here.
            if let Some(filename) = part.filename() {
                let name = self.name(filename);
                part.save(self.folder.join(&name)).await?;
                places.push(format!("/files/{name}"));
            }
        }
        Ok(places)
    }

    /// A name of our own: a number, and what tells browsers what it is.
    fn name(&self, filename: &str) -> String {
        // Relaxed: only that each file gets another number matters.
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        match filename.rsplit_once('.') {
            Some((_, ending)) if ending.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
                format!("{number}.{ending}")
            }
            _other => number.to_string(),
        }
    }
}

/// Ticks every second, and goes on where a listener has left off.
async fn clock(headers: HeaderMap) -> Response<EventSourceBody> {
    let last = last_event_id(&headers).and_then(|id| id.parse::<u64>().ok());
    EventSourceResponse::new(async move |events| {
        for tick in last.map_or(1, |last| last.saturating_add(1)).. {
            events
                .send(Event::data(format!("tick {tick}")).id(tick.to_string()))
                .await?;
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    })
    .into_response()
}

/// Computes on a thread that may block, so that the workers go on serving.
async fn primes(Path(below): Path<usize>) -> Result<String, (StatusCode, String)> {
    if below > 10_000_000 {
        let why = "up to ten million\n".to_owned();
        return Err((StatusCode::BAD_REQUEST, why));
    }
    let count = to_thread(move || count_primes(below)).await;
    let failed = |error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"));
    count.map(|count| format!("{count}\n")).map_err(failed)
}

fn count_primes(below: usize) -> usize {
    let mut is_prime = vec![true; below];
    let mut count = 0;
    for number in 2..below {
        if is_prime[number] {
            count += 1;
            for multiple in (number * number..below).step_by(number) {
                is_prime[multiple] = false;
            }
        }
    }
    count
}

async fn wait(Path(seconds): Path<u64>) -> String {
    sleep(Duration::from_secs(seconds).min(PATIENCE)).await;
    "thank you for waiting\n".to_owned()
}

/// What a browser shows.
const PAGE: &str = include_str!("server.html");
