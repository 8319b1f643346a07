//! Server-sent events: an answer that goes on, of texts that a browser's `EventSource` hears.
//! asyncio: the `aiohttp-sse` package.
//!
//! ```
//! use std::time::Duration;
//!
//! use bowerbird::sleep;
//! use bowerbird_http::sse::{Event, EventSourceBody, EventSourceResponse, last_event_id};
//! use bowerbird_http::http::{Request, Response};
//!
//! /// Counts, from where the client has left off.
//! async fn count<B>(request: Request<B>) -> Response<EventSourceBody> {
//!     let last = last_event_id(request.headers());
//!     let last: Option<u64> = last.and_then(|id| id.parse().ok());
//!     EventSourceResponse::new(async move |events| {
//!         for number in last.map_or(0, |last| last + 1).. {
//!             events.send(Event::data(number.to_string()).id(number.to_string())).await?;
//!             sleep(Duration::from_secs(1)).await;
//!         }
//!         Ok(())
//!     })
//!     .into_response()
//! }
//!
//! # bowerbird::run(async {
//! # use bowerbird_http::hyper::body::Body;
//! let request = Request::get("/").header("last-event-id", "6").body(()).unwrap();
//! let answer = count(request).await;
//! assert_eq!(answer.headers()["content-type"], "text/event-stream");
//! # let mut body = std::pin::pin!(answer.into_body());
//! # let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
//! # let first = frame.unwrap().unwrap().into_data().unwrap();
//! assert_eq!(first, "data: 7\nid: 7\n\n");
//! # });
//! ```

mod event;

mod response;

mod body;

pub use body::EventSourceBody;
pub(crate) use body::Leave;
pub use event::{Event, last_event_id};
pub use response::{EventSourceClosed, EventSourceResponse, Events};
