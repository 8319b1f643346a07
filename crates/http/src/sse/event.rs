//! An event, as it is written on the wire.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

/// What a client has heard last, when it comes back: the `Last-Event-ID` that its browser
/// remembers.
///
/// - `None` for new clients, and for what is not ASCII. It is what a client says: look at it as at
///   everything else that clients say.
/// - asyncio: `aiohttp-sse`'s `EventSourceResponse.last_event_id`.
pub fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id")?.to_str().ok()
}

/// An event: what browsers give to listeners.
///
/// - Texts become events by `From`, as [`data`](Self::data) does.
/// - Without data it is not heard: browsers take its `id` and `retry`, and no more.
/// - What must be one line loses its line ends, as in `aiohttp-sse`.
///
/// ```
/// use bowerbird_http::sse::Event;
///
/// let event = Event::data("two\nlines").event("chat").id("7");
/// assert_eq!(event.to_string(), "data: two\ndata: lines\nevent: chat\nid: 7\n\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "an event is heard when it is sent"]
pub struct Event {
    /// Its lines, each with its end.
    lines: String,
}

impl Event {
    /// An event with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// An event with a text, of any number of lines.
    pub fn data(text: impl AsRef<str>) -> Self {
        Self::new().lines("data", text.as_ref())
    }

    /// An event with a value, as JSON.
    ///
    /// # Errors
    /// When the value cannot be said in JSON.
    #[cfg(feature = "client")]
    pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Self::data(serde_json::to_string(value)?))
    }

    /// Who is to hear it: listeners of this name. Without one, those of `message`.
    pub fn event(self, name: impl AsRef<str>) -> Self {
        self.line("event", name.as_ref())
    }

    /// What the client is to say when it comes back: see [`last_event_id`].
    pub fn id(self, id: impl AsRef<str>) -> Self {
        self.line("id", id.as_ref())
    }

    /// How long the client is to wait before it comes back. Whole milliseconds.
    pub fn retry(self, delay: Duration) -> Self {
        self.line("retry", &delay.as_millis().to_string())
    }

    /// Something that nobody hears.
    pub fn comment(self, text: impl AsRef<str>) -> Self {
        self.lines("", text.as_ref())
    }

    fn lines(mut self, field: &str, text: &str) -> Self {
        // A line ends in either character, or in both of them, which are one end then.
        for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
            self.add(field, line);
        }
        self
    }

    /// Browsers do not take an id with a NUL.
    fn line(mut self, field: &str, text: &str) -> Self {
        self.add(field, &text.replace(['\n', '\r', '\0'], ""));
        self
    }

    fn add(&mut self, field: &str, line: &str) {
        writeln!(self.lines, "{field}: {line}").expect("a `String` takes everything");
    }

    /// What is sent.
    pub(super) fn into_bytes(self) -> Bytes {
        let mut lines = self.lines;
        lines.push('\n');
        Bytes::from(lines)
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines)?;
        f.write_char('\n')
    }
}

impl From<&str> for Event {
    fn from(text: &str) -> Self {
        Self::data(text)
    }
}

impl From<String> for Event {
    fn from(text: String) -> Self {
        Self::data(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_event_or_begins_a_field() {
        let event = Event::data("a\r\nb\rc\n\nid: 1\n");
        let lines = "data: a\ndata: b\ndata: c\ndata: \ndata: id: 1\ndata: \n\n";
        assert_eq!(event.to_string(), lines);
        let event = Event::new().event("x\ndata: y").id("1\r\n\0 2");
        assert_eq!(event.to_string(), "event: xdata: y\nid: 1 2\n\n");
        let event = Event::new()
            .comment("a\nb")
            .retry(Duration::from_micros(2999));
        assert_eq!(event.to_string(), ": a\n: b\nretry: 2\n\n");
    }
}
