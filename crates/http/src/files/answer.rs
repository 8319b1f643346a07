//! From a request and a file to an answer: conditions, ranges, headers, and the first bytes. Runs
//! on a thread that may block; called by directories and single files.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

use bowerbird::{Report, get_running_loop, to_thread};
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::body::{FileBody, Piece, read};
use super::conditions::{self, Verdict};
use super::place::{Found, Sending};
use super::ranges::{self, Wanted};
use super::validators::Validators;

/// Bytes that are read along with opening a file: small files are one trip to the pool.
const FIRST: u64 = 64 * 1024;

/// What an answer depends on.
const LOOKED_AT: [HeaderName; 7] = [
    header::ACCEPT_ENCODING,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::RANGE,
];

/// What is looked at of a request, to be taken to another thread.
#[derive(Debug)]
pub(super) struct Asked {
    method: Method,
    pub(super) headers: HeaderMap,
}

impl Asked {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let mut headers = HeaderMap::new();
        for name in LOOKED_AT {
            for value in request.headers().get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        let method = request.method().clone();
        Self { method, headers }
    }

    /// Whether a service of files answers it.
    pub(super) fn is_reading(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// The answer with a page of our own.
    pub(super) fn page(&self, page: String) -> Response<FileBody> {
        let length = HeaderValue::from(page.len());
        let is_head = self.method == Method::HEAD;
        let body = if is_head { String::new() } else { page };
        let mut answer = Response::new(FileBody::from(body));
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        answer.headers_mut().insert(header::CONTENT_LENGTH, length);
        answer
    }
}

/// Answers on a thread that may block. What fails there is answered, too.
pub(super) fn answered<F>(work: F) -> impl Future<Output = Response<FileBody>> + Send + 'static
where
    F: FnOnce() -> io::Result<Response<FileBody>> + Send + 'static,
{
    let work = to_thread(work);
    async {
        match work.await {
            Ok(answer) => answer.unwrap_or_else(refusal),
            Err(error) => refusal(io::Error::other(error)),
        }
    }
}

/// The answer with a file, whose name was `name`.
pub(super) fn with_file(
    asked: &Asked,
    found: Found,
    name: &Path,
    sending: &Sending,
) -> io::Result<Response<FileBody>> {
    let now = SystemTime::now();
    let file = Validators::new(found.modified, found.length, found.packing, now);
    let mut answer = match conditions::weigh(&asked.method, &asked.headers, &file) {
        Verdict::Send => sent(asked, found, name, sending, &file)?,
        Verdict::NotModified => {
            let mut answer = Response::new(FileBody::default());
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            vary(&mut answer, found.is_varying);
            answer
        }
        Verdict::Failed => return Ok(plain(StatusCode::PRECONDITION_FAILED)),
    };
    let headers = answer.headers_mut();
    headers.insert(header::ETAG, file.etag());
    if let Some(date) = file.last_modified() {
        headers.insert(header::LAST_MODIFIED, date);
    }
    Ok(answer)
}

/// The file, or what is wanted of it.
fn sent(
    asked: &Asked,
    found: Found,
    name: &Path,
    sending: &Sending,
    file: &Validators,
) -> io::Result<Response<FileBody>> {
    let length = found.length;
    let kind = kind(name, sending);
    let (is_varying, packing) = (found.is_varying, found.packing);
    let mut answer = match wanted(asked, length, file) {
        Wanted::Nothing => {
            let mut answer = plain(StatusCode::RANGE_NOT_SATISFIABLE);
            let range = said(format!("bytes */{length}"));
            answer.headers_mut().insert(header::CONTENT_RANGE, range);
            return Ok(answer);
        }
        Wanted::Whole => {
            let is_head = asked.method == Method::HEAD;
            let mut answer = Response::new(if is_head {
                FileBody::default()
            } else {
                stretch(found, 0..length, sending)?
            });
            let told = HeaderValue::from(length);
            answer.headers_mut().insert(header::CONTENT_LENGTH, told);
            answer.headers_mut().insert(header::CONTENT_TYPE, kind);
            answer
        }
        Wanted::One(range) => {
            let told = content_range(&range, length);
            let mut answer = Response::new(stretch(found, range, sending)?);
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            answer.headers_mut().insert(header::CONTENT_RANGE, told);
            answer.headers_mut().insert(header::CONTENT_TYPE, kind);
            answer
        }
        Wanted::Several(ranges) => several(found, ranges, &kind, sending),
    };
    vary(&mut answer, is_varying);
    let headers = answer.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(packing) = packing {
        let coding = HeaderValue::from_static(packing.coding());
        headers.insert(header::CONTENT_ENCODING, coding);
    }
    Ok(answer)
}

/// Ranges are for GET alone.
fn wanted(asked: &Asked, length: u64, file: &Validators) -> Wanted {
    let range = asked.headers.get(header::RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    let range = range.filter(|_| asked.method == Method::GET);
    match range {
        Some(range) if conditions::allows_ranges(&asked.headers, file) => {
            ranges::wanted(range, length)
        }
        _none => Wanted::Whole,
    }
}

/// A stretch of the file, the first bytes of which are read at once.
fn stretch(found: Found, range: Range<u64>, sending: &Sending) -> io::Result<FileBody> {
    let first = (range.end - range.start).min(FIRST);
    let (file, bytes) = read(found.file, range.start, first)?;
    let rest = Piece::Stretch(range.start + first..range.end);
    Ok(FileBody::new(
        [Piece::Bytes(bytes), rest],
        file,
        sending.chunk,
    ))
}

/// Several stretches, each with its own head: `multipart/byteranges`.
fn several(
    found: Found,
    ranges: Vec<Range<u64>>,
    kind: &HeaderValue,
    sending: &Sending,
) -> Response<FileBody> {
    let boundary = boundary();
    let mut pieces = Vec::with_capacity(ranges.len() * 2 + 1);
    for range in ranges {
        let mut head = format!("\r\n--{boundary}\r\nContent-Type: ").into_bytes();
        head.extend_from_slice(kind.as_bytes());
        head.extend_from_slice(b"\r\nContent-Range: ");
        head.extend_from_slice(content_range(&range, found.length).as_bytes());
        head.extend_from_slice(b"\r\n\r\n");
        pieces.push(Piece::Bytes(head.into()));
        pieces.push(Piece::Stretch(range));
    }
    let end = format!("\r\n--{boundary}--\r\n");
    pieces.push(Piece::Bytes(Bytes::from(end)));
    let mut answer = Response::new(FileBody::new(pieces, found.file, sending.chunk));
    *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    let kind = said(format!("multipart/byteranges; boundary={boundary}"));
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// What the file is, by its name.
fn kind(name: &Path, sending: &Sending) -> HeaderValue {
    if let Some(kind) = &sending.content_type {
        return kind.clone();
    }
    let kind = mime_guess::from_path(name).first_raw();
    HeaderValue::from_static(kind.unwrap_or("application/octet-stream"))
}

/// Tells caches that other clients may get something else.
fn vary(answer: &mut Response<FileBody>, is_varying: bool) {
    if is_varying {
        let varying = HeaderValue::from_static("accept-encoding");
        answer.headers_mut().insert(header::VARY, varying);
    }
}

fn content_range(range: &Range<u64>, length: u64) -> HeaderValue {
    said(format!("bytes {}-{}/{length}", range.start, range.end - 1))
}

/// A header's value of our own making.
fn said(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("letters and digits can be said in a header")
}

/// Something that is in no file: 128 random bits.
fn boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// The answer where there is no file to be had.
pub(super) fn refusal(error: io::Error) -> Response<FileBody> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => plain(StatusCode::NOT_FOUND),
        io::ErrorKind::PermissionDenied => plain(StatusCode::FORBIDDEN),
        _unexpected => {
            let report = Report::new("a file could not be sent").with_error(error);
            if let Ok(running) = get_running_loop() {
                running.call_exception_handler(&report);
            }
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A status, said in a line of text as well.
pub(super) fn plain(status: StatusCode) -> Response<FileBody> {
    let reason = status.canonical_reason().unwrap_or_default();
    let line = format!("{}: {reason}\n", status.as_str());
    let mut answer = Response::new(FileBody::from(line));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// The answer to methods that are for other things than files.
pub(super) fn not_allowed() -> Response<FileBody> {
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED);
    let allowed = HeaderValue::from_static("GET, HEAD");
    answer.headers_mut().insert(header::ALLOW, allowed);
    answer
}
