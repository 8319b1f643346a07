//! Finds the parts in the bytes of a form, however they were cut. Pure: bytes are put in, and what
//! is found comes out. Driven by the reader.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::Finder;

use super::errors::{MultipartError, MultipartLimit};

/// What ends a part's headers.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// Something in a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, before more bytes have come.
    Nothing,
    /// The headers of the next part, each but the last with its line's end.
    Head(Bytes),
    /// Some of a part, never empty.
    Data(Bytes),
    /// The end of a part.
    PartEnd,
    /// The end of the form. What follows is nobody's.
    Over,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Scanner {
    /// What has come, and was not looked at to the end.
    buffer: BytesMut,
    /// A line's end, two dashes, and the boundary.
    delimiter: Finder<'static>,
    /// Where the buffer begins.
    place: Place,
    /// Bytes of a head, and of what stands before the first part.
    head_max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first part, having passed so many bytes.
    Preamble(usize),
    /// Behind a boundary.
    Delimited,
    /// At the line's end behind a boundary.
    Head,
    /// In a part.
    Data,
    /// Behind the last boundary.
    Over,
}

impl Scanner {
    pub(super) fn new(boundary: &str, head_max: usize) -> Self {
        // As if a line had come before, so that the first boundary is like all others.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        let delimiter = format!("\r\n--{boundary}");
        Self {
            buffer,
            delimiter: Finder::new(delimiter.as_bytes()).into_owned(),
            place: Place::Preamble(0),
            head_max,
        }
    }

    /// Changes how long heads may be.
    pub(super) fn limit_heads(&mut self, bytes: usize) {
        self.head_max = bytes;
    }

    /// Bytes that come next.
    pub(super) fn push(&mut self, bytes: impl Buf) {
        bytes::BufMut::put(&mut self.buffer, bytes);
    }

    /// What is found next.
    pub(super) fn step(&mut self) -> Result<Found, MultipartError> {
        loop {
            match self.place {
                // What stands before the first boundary is for readers who have no eyes for forms.
                Place::Preamble(passed) => match self.step_data() {
                    Found::Data(bytes) if passed + bytes.len() > self.head_max => {
                        return Err(self.too_long());
                    }
                    Found::Data(bytes) => self.place = Place::Preamble(passed + bytes.len()),
                    Found::PartEnd => self.place = Place::Delimited,
                    nothing => return Ok(nothing),
                },
                Place::Delimited => match self.step_delimited()? {
                    Some(place) => self.place = place,
                    None => return Ok(Found::Nothing),
                },
                Place::Head => return self.step_head(),
                Place::Data => {
                    let found = self.step_data();
                    if found == Found::PartEnd {
                        self.place = Place::Delimited;
                    }
                    return Ok(found);
                }
                Place::Over => return Ok(Found::Over),
            }
        }
    }

    /// Data up to the next boundary; its end, having passed the boundary.
    fn step_data(&mut self) -> Found {
        let delimiter = self.delimiter.needle();
        match self.delimiter.find(&self.buffer) {
            Some(0) => {
                self.buffer.advance(delimiter.len());
                Found::PartEnd
            }
            Some(end) => Found::Data(self.buffer.split_to(end).freeze()),
            None => match self.buffer.len() - partial(&self.buffer, delimiter) {
                0 => Found::Nothing,
                end => Found::Data(self.buffer.split_to(end).freeze()),
            },
        }
    }

    /// What follows a boundary; `None` when more has to come.
    fn step_delimited(&mut self) -> Result<Option<Place>, MultipartError> {
        if self.buffer.starts_with(b"--") {
            self.buffer.clear();
            return Ok(Some(Place::Over));
        }
        let is_padding = |byte: &&u8| matches!(**byte, b' ' | b'\t');
        let padding = self.buffer.iter().take_while(is_padding).count();
        if padding > self.head_max {
            return Err(self.too_long());
        }
        match &self.buffer[padding..] {
            [b'\r', b'\n', ..] => {
                self.buffer.advance(padding);
                Ok(Some(Place::Head))
            }
            [] | [b'\r'] => Ok(None),
            [b'-'] if padding == 0 => Ok(None),
            _other => Err(MultipartError::Malformed(
                "a boundary does not end its line",
            )),
        }
    }

    fn step_head(&mut self) -> Result<Found, MultipartError> {
        let end = memchr::memmem::find(&self.buffer, HEAD_END);
        let length = end.unwrap_or(self.buffer.len());
        if length > self.head_max {
            return Err(self.too_long());
        }
        let Some(end) = end else {
            return Ok(Found::Nothing);
        };
        let mut head = self.buffer.split_to(end);
        self.buffer.advance(HEAD_END.len());
        // Without headers, the end of the boundary's line is the beginning of the head's.
        head.advance(head.len().min(2));
        self.place = Place::Data;
        Ok(Found::Head(head.freeze()))
    }

    fn too_long(&self) -> MultipartError {
        MultipartError::TooLarge {
            what: MultipartLimit::HeaderBytes,
            limit: self.head_max as u64,
        }
    }
}

/// How many bytes at the end of `buffer` could be the beginning of `delimiter`.
fn partial(buffer: &[u8], delimiter: &[u8]) -> usize {
    let tail = buffer.len().min(delimiter.len() - 1);
    let tail = &buffer[buffer.len() - tail..];
    let starts = memchr::memchr_iter(delimiter[0], tail);
    let mut ends = starts.map(|start| &tail[start..]);
    ends.find(|end| delimiter.starts_with(end))
        .map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests;
