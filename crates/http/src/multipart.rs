//! Forms with files, as they come: `multipart/form-data`, RFC 7578, part by part and piece by
//! piece. asyncio: aiohttp's `multipart.py`, the reader's half; the writer's is
//! [`FormData`](crate::client::FormData).
//!
//! ```
//! use bowerbird_http::http::Request;
//! use bowerbird_http::multipart::MultipartReader;
//!
//! # bowerbird::run(async {
//! let body = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA bird\r\n\
//!             --x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"bird.png\"\r\n\
//!             Content-Type: image/png\r\n\r\n...\r\n--x--\r\n";
//! let request = Request::post("/").header("content-type", "multipart/form-data; boundary=x");
//! let request = request.body(body.to_owned()).unwrap();
//!
//! let mut form = MultipartReader::from_request(request)?;
//! while let Some(part) = form.next().await? {
//!     match part.filename() {
//!         // A name that a client has sent is no path: choose one.
//!         Some(_) => {
//!             # let path = std::env::temp_dir().join(format!("bowerbird-{}", std::process::id()));
//!             # let _ = stringify! {
//!             let path = "uploads/1";
//!             # };
//!             let bytes = part.save(&path).await?;
//!             assert_eq!(bytes, 3);
//!             # std::fs::remove_file(path).unwrap();
//!         }
//!         None => assert_eq!(part.text().await?, "A bird"),
//!     }
//! }
//!
//! let other = Request::post("/").body(String::new()).unwrap();
//! let error = MultipartReader::from_request(other).unwrap_err();
//! assert_eq!(error.status(), 415);
//! # Ok::<(), bowerbird_http::multipart::MultipartError>(())
//! # }).unwrap();
//! ```

mod reader;

mod part;

mod saving;

mod scanner;

mod words;

mod errors;

pub use errors::{MultipartError, MultipartLimit};
pub use part::BodyPartReader;
pub use reader::MultipartReader;
