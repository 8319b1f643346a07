//! Files as answers: one of them, or a directory of them. Services for tower's routers, and calls
//! for handlers. asyncio: aiohttp's `web_fileresponse.py`, and `StaticResource`.
//!
//! A request is one trip to a thread that may block, in which its file is found, opened, held
//! against the request's conditions, and read as far as 64 KiB. What is longer is read piece by
//! piece, one ahead of the socket's pace, a trip for each. Nothing is kept between requests: what
//! changes on the disk is seen at the next one.
//!
//! ```
//! use axum::Router;
//! use bowerbird_http::files::{FileResponse, ServeDir};
//! use bowerbird_http::http::Request;
//! use bowerbird_http::read_body;
//!
//! # bowerbird::run(async {
//! let sources = ServeDir::new("src");
//! let router: Router = Router::new()
//!     .nest_service("/src", sources.clone())
//!     .route_service("/manifest", FileResponse::new("Cargo.toml"));
//!
//! let asked = Request::get("/lib.rs").header("range", "bytes=0-3").body(()).unwrap();
//! let answer = sources.respond(&asked).await;
//! assert_eq!(answer.status(), 206);
//! assert_eq!(read_body(answer.into_body(), 4).await.unwrap(), "//! ");
//!
//! let outside = Request::get("/../Cargo.toml").body(()).unwrap();
//! assert_eq!(sources.respond(&outside).await.status(), 404);
//! # });
//! ```

mod dir;

mod response;

mod beside;

mod path;

mod place;

mod listing;

mod answer;

mod validators;

mod conditions;

mod ranges;

mod packing;

mod body;

pub use beside::{WithFiles, WithFilesFuture};
pub use body::FileBody;
pub use dir::ServeDir;
pub use response::{FileFuture, FileResponse};

/// What a service of this module gives: its answer, later.
pub(crate) type Answering =
    std::pin::Pin<Box<dyn Future<Output = http::Response<FileBody>> + Send + 'static>>;
