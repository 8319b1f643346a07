//! Forms with files: `multipart/form-data`, RFC 7578, to be sent. Texts and bytes can be sent
//! again, files and streams only once.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::Path;

use super::errors::ClientError;
use super::outgoing::RequestBody;

/// A form with files. asyncio: aiohttp's `FormData`.
///
/// - Its length is told where that of all its parts is known.
///
/// ```
/// use bowerbird_http::client::{FormData, Part};
///
/// let picture = Part::new(&b"..."[..]).file_name("bird.png").content_type("image/png");
/// let form = FormData::new().text("name", "bower").part("picture", picture.unwrap());
/// assert!(form.content_type().starts_with("multipart/form-data; boundary="));
/// assert!(Part::new("").content_type("two\nlines").is_err());
/// ```
#[derive(Debug)]
#[must_use = "a form does nothing until it is sent"]
pub struct FormData {
    /// What stands between the parts: nothing that could be in them.
    boundary: String,
    /// Names and parts.
    parts: Vec<(String, Part)>,
}

/// A part of a [`FormData`].
#[derive(Debug)]
#[must_use = "a part does nothing until it is in a form"]
pub struct Part {
    /// What is in it.
    body: RequestBody,
    /// The name of the file that it is.
    file_name: Option<String>,
    /// What it is.
    content_type: Option<String>,
}

impl Part {
    /// Bytes, a text, or any [`RequestBody`].
    pub fn new(body: impl Into<RequestBody>) -> Self {
        Self {
            body: body.into(),
            file_name: None,
            content_type: None,
        }
    }

    /// A file, under its own name.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let part = Self::new(RequestBody::file(path).await?);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(part.file_name(name))
    }

    /// Says under which name the file is known.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Says what it is, `image/png` for instance. A part with a file's name is
    /// `application/octet-stream` without this.
    ///
    /// # Errors
    /// `InvalidRequest` for what cannot stand in a header.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Result<Self, ClientError> {
        let content_type = content_type.into();
        if content_type.chars().any(char::is_control) {
            return Err(ClientError::invalid("this is no content type"));
        }
        self.content_type = Some(content_type);
        Ok(self)
    }

    /// What stands before the part.
    fn head(&self, name: &str) -> String {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(name));
        if let Some(file_name) = &self.file_name {
            head += &format!("; filename=\"{}\"", quoted(file_name));
        }
        let unknown = self.file_name.as_ref().map(|_| "application/octet-stream");
        if let Some(content_type) = self.content_type.as_deref().or(unknown) {
            head += &format!("\r\nContent-Type: {content_type}");
        }
        head + "\r\n\r\n"
    }
}

impl FormData {
    /// A form without parts.
    pub fn new() -> Self {
        Self {
            boundary: boundary(),
            parts: Vec::new(),
        }
    }

    /// A field with a text.
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.part(name, Part::new(value.into()))
    }

    /// A field with anything; several of a name are all sent.
    pub fn part(mut self, name: impl Into<String>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// Its type, as a header says it.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The bytes that are sent.
    pub(super) fn into_body(self) -> RequestBody {
        let mut pieces = Vec::with_capacity(self.parts.len() * 2 + 1);
        let mut separator = format!("--{}\r\n", self.boundary);
        for (name, part) in self.parts {
            pieces.push(RequestBody::from(separator + &part.head(&name)));
            pieces.push(part.body);
            separator = format!("\r\n--{}\r\n", self.boundary);
        }
        let end = separator.trim_end().to_owned() + "--\r\n";
        pieces.push(RequestBody::from(end));
        RequestBody::chain(pieces)
    }
}

impl Default for FormData {
    fn default() -> Self {
        Self::new()
    }
}

/// A name between quotes, as browsers write it: UTF-8, and what would end it is escaped.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Something that is in no part: 128 random bits.
fn boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("bowerbird-{:016x}{:016x}", random(), random())
}
