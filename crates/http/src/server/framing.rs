//! Where requests begin and end, by the letter. hyper is lenient where the standard lets it be: it
//! takes lines that end in a bare LF, a length beside an encoding, and two hosts. A proxy in front
//! may read the same bytes in the other way, and then one client's body is another one's request.
//! So the bytes of HTTP/1.1 are looked at before hyper gets them, and where they could mean two
//! things, a byte is made one that means nothing, which hyper answers with 400 and an end. Called
//! by the wire; keeps no more of a line than its beginning.

use memchr::memchr;

use super::activity::{Activity, Stage};

/// Of a line, this much is looked at, and kept where it comes in parts: more than any length or
/// encoding has, but for those that are written to mislead.
const LINE_KEPT: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// Where in a message the next byte is.
    place: Place,
    /// The line under way, as far as it came with earlier bytes: its first [`LINE_KEPT`] bytes and,
    /// if it has more, its last one.
    line: Vec<u8>,
    /// What the head under way has said.
    head: Head,
    /// Heads that have ended.
    heads: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A request's first line, or the empty ones before it.
    #[default]
    Request,
    /// A header.
    Header,
    /// So many bytes of a body.
    Body(u64),
    /// The size of a chunk.
    Size,
    /// So many bytes of a chunk, with the two after it.
    Chunk(u64),
    /// A line after the last chunk.
    Trailer,
    /// After a request for another protocol: nothing may come before the answer.
    Asked,
    /// Not HTTP/1.1, or no more of it.
    Beyond,
}

/// What matters of a head.
#[derive(Debug, Default)]
struct Head {
    /// Its length, if it names one.
    length: Option<u64>,
    /// Whether it has chunks.
    is_chunked: bool,
    /// Whether another protocol is asked for.
    is_asking: bool,
    /// Whether it names a host.
    has_host: bool,
}

/// What could mean two things, or nothing.
struct Ambiguous;

impl Framing {
    /// Whether a body is under way, of which something has yet to come.
    pub(super) fn is_in_body(&self) -> bool {
        matches!(
            self.place,
            Place::Body(_) | Place::Size | Place::Chunk(_) | Place::Trailer
        )
    }

    /// How far the client is.
    pub(super) fn stage(&self) -> Stage {
        match self.place {
            Place::Request | Place::Asked if self.line.is_empty() => Stage::Between(self.heads),
            Place::Request | Place::Header | Place::Asked => Stage::Head(self.heads),
            _not_in_a_head => Stage::Elsewhere,
        }
    }

    /// Looks at what came after so many answers, and spoils what is ambiguous.
    pub(super) fn look_after(&mut self, answers: u64, bytes: &mut [u8], activity: &Activity) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let taken = match self.place {
                Place::Beyond => return,
                Place::Asked => match self.after_asking(answers, activity) {
                    Ok(()) => 0,
                    Err(Ambiguous) => return self.spoil(&mut bytes[at]),
                },
                Place::Body(left) => {
                    let taken = shorter(left, rest.len());
                    self.place = Place::Body(left - taken as u64);
                    if left == taken as u64 {
                        self.end_message();
                    }
                    taken
                }
                Place::Chunk(left) => match chunk(left, rest) {
                    Ok(taken) => {
                        let left = left - taken as u64;
                        self.place = if left == 0 {
                            Place::Size
                        } else {
                            Place::Chunk(left)
                        };
                        taken
                    }
                    Err(Ambiguous) => return self.spoil(&mut bytes[at]),
                },
                _line => {
                    let Some(end) = memchr(b'\n', rest) else {
                        return self.keep(rest);
                    };
                    if self.end_line(&rest[..end], activity).is_err() {
                        return self.spoil(&mut bytes[at + end]);
                    }
                    end + 1
                }
            };
            at += taken;
        }
    }

    /// Leaves the rest to hyper, which will not get past this byte.
    fn spoil(&mut self, byte: &mut u8) {
        *byte = 0;
        self.place = Place::Beyond;
    }

    /// Keeps a line's beginning until its end comes. Its last byte is what tells a bare LF.
    fn keep(&mut self, part: &[u8]) {
        let room = LINE_KEPT.saturating_sub(self.line.len());
        let (kept, beyond) = part.split_at(part.len().min(room));
        self.line.extend_from_slice(kept);
        if let Some(last) = beyond.last() {
            self.line.truncate(LINE_KEPT);
            self.line.push(*last);
        }
    }

    /// A line, up to its LF.
    fn end_line(&mut self, part: &[u8], activity: &Activity) -> Result<(), Ambiguous> {
        if self.line.is_empty() {
            return self.read_line(part, activity);
        }
        self.keep(part);
        let mut line = std::mem::take(&mut self.line);
        let read = self.read_line(&line, activity);
        line.clear();
        self.line = line;
        read
    }

    fn read_line(&mut self, line: &[u8], activity: &Activity) -> Result<(), Ambiguous> {
        let line = line.strip_suffix(b"\r").ok_or(Ambiguous)?;
        // The same is looked at whether it came in parts or not.
        let is_cut = line.len() >= LINE_KEPT;
        let line = &line[..line.len().min(LINE_KEPT)];
        match self.place {
            Place::Request => self.begin(line),
            Place::Header if line.is_empty() => self.end_head(activity)?,
            Place::Header => self.head.read(line, is_cut)?,
            Place::Size => self.place = size(line, is_cut)?,
            Place::Trailer if line.is_empty() => self.end_message(),
            _other => {}
        }
        Ok(())
    }

    fn begin(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        self.place = Place::Header;
        if line == b"PRI * HTTP/2.0" {
            self.place = Place::Beyond;
        }
        self.head = Head {
            is_asking: line.starts_with(b"CONNECT "),
            ..Head::default()
        };
    }

    fn end_head(&mut self, activity: &Activity) -> Result<(), Ambiguous> {
        self.heads += 1;
        if self.head.is_asking {
            activity.note_asking();
        }
        match (self.head.length, self.head.is_chunked) {
            (Some(_), true) => return Err(Ambiguous),
            (None, true) => self.place = Place::Size,
            (Some(1..), false) => self.place = Place::Body(self.head.length.unwrap_or(0)),
            (Some(0) | None, false) => self.end_message(),
        }
        Ok(())
    }

    fn end_message(&mut self) {
        self.place = if self.head.is_asking {
            Place::Asked
        } else {
            Place::Request
        };
    }

    /// What the bytes after such a request are, once it is answered.
    fn after_asking(&mut self, answers: u64, activity: &Activity) -> Result<(), Ambiguous> {
        if answers < self.heads {
            return Err(Ambiguous);
        }
        self.place = if activity.is_upgraded() {
            Place::Beyond
        } else {
            Place::Request
        };
        Ok(())
    }
}

impl Head {
    /// A header, or its beginning if it `is_cut`. What else is wrong with it, hyper sees.
    fn read(&mut self, line: &[u8], is_cut: bool) -> Result<(), Ambiguous> {
        // Nearly all of them are of no interest, which their first letter tells.
        if !matches!(line[0] | 0x20, b'c' | b'h' | b't' | b'u') {
            return Ok(());
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            return if is_cut { Ok(()) } else { Err(Ambiguous) };
        };
        let (name, value) = (&line[..colon], || line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value(), 10).ok_or(Ambiguous)?;
            if is_cut || self.length.replace(length).is_some() {
                return Err(Ambiguous);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_plain = value().eq_ignore_ascii_case(b"chunked") && !is_cut;
            if !is_plain || std::mem::replace(&mut self.is_chunked, true) {
                return Err(Ambiguous);
            }
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.is_asking = true;
        } else if name.eq_ignore_ascii_case(b"host") && std::mem::replace(&mut self.has_host, true)
        {
            return Err(Ambiguous);
        }
        Ok(())
    }
}

/// What follows a chunk's size.
fn size(line: &[u8], is_cut: bool) -> Result<Place, Ambiguous> {
    let end = line.iter().position(|&byte| byte == b';');
    let digits = &line[..end.unwrap_or(line.len())];
    let size = number(digits, 16).ok_or(Ambiguous)?;
    if line.contains(&b'\r') || is_cut && end.is_none() {
        return Err(Ambiguous);
    }
    Ok(match size {
        0 => Place::Trailer,
        // With the line's end after it.
        size => Place::Chunk(size.checked_add(2).ok_or(Ambiguous)?),
    })
}

/// Digits and nothing else.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let is_digit = |&byte: &u8| char::from(byte).is_digit(radix);
    if digits.is_empty() || !digits.iter().all(is_digit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

/// How much of a chunk is here; `left` counts the two bytes after it, which are looked at alone.
fn chunk(left: u64, rest: &[u8]) -> Result<usize, Ambiguous> {
    match left {
        3.. => Ok(shorter(left - 2, rest.len())),
        2 if rest[0] == b'\r' => Ok(1),
        1 if rest[0] == b'\n' => Ok(1),
        _ => Err(Ambiguous),
    }
}

fn shorter(left: u64, here: usize) -> usize {
    usize::try_from(left).map_or(here, |left| left.min(here))
}

#[cfg(test)]
mod tests;
