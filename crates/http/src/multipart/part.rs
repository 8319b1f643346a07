//! A part of a form: what it is called, and what is in it.

use std::error::Error;
use std::fmt;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use futures_io::AsyncWrite;
use http::{HeaderMap, header};
use hyper::body::Body;

use super::errors::{MultipartError, MultipartLimit};
use super::reader::MultipartReader;
use super::saving;
use super::words::Words;

/// A part of a form, to be read, or to be passed over by asking for the next one.
///
/// - asyncio: aiohttp's `BodyPartReader`.
///
/// See the [module](super) for an example.
#[must_use = "a part is passed over unless it is read"]
pub struct BodyPartReader<'a, B> {
    /// The form, which is at this part.
    form: &'a mut MultipartReader<B>,
    /// What the part says of itself.
    headers: HeaderMap,
    name: String,
    filename: Option<String>,
}

impl<'a, B> BodyPartReader<'a, B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn new(
        form: &'a mut MultipartReader<B>,
        headers: HeaderMap,
    ) -> Result<Self, MultipartError> {
        let said = headers.get(header::CONTENT_DISPOSITION);
        let said = said.map(|said| String::from_utf8_lossy(said.as_bytes()));
        let words = said.and_then(|said| Words::parse(&said));
        let words = words.filter(|words| words.first == "form-data");
        let name = words.as_ref().and_then(|words| words.get("name"));
        let Some(name) = name.map(str::to_owned) else {
            return Err(MultipartError::Malformed("a part has no name"));
        };
        let filename = words.and_then(|words| words.filename());
        Ok(Self {
            form,
            headers,
            name,
            filename,
        })
    }

    /// The name of the field.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the client calls the file; `None` for what is none.
    ///
    /// - As the client has sent it: there may be slashes in it, or `..`. Show it, and store it
    ///   under a name of your own.
    pub fn filename(&self) -> Option<&str> {
        self.filename.as_deref()
    }

    /// What the client takes it for.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// All that it says of itself.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next bytes, as they come; `None` at the end of the part.
    ///
    /// - Cancel: nothing is lost; the next call goes on.
    ///
    /// # Errors
    /// As [`MultipartReader::next`].
    pub async fn read_chunk(&mut self) -> Result<Option<Bytes>, MultipartError> {
        self.form.data().await
    }

    /// All of it.
    ///
    /// - Cancel: what was read of it is lost.
    ///
    /// # Errors
    /// When it is longer than [`max_field_bytes`](MultipartReader::max_field_bytes); and as
    /// [`MultipartReader::next`].
    pub async fn read(mut self) -> Result<Bytes, MultipartError> {
        let limit = self.form.field_limit();
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.read_chunk().await? {
            if bytes.len() > limit - whole.len() {
                return Err(MultipartError::TooLarge {
                    what: MultipartLimit::FieldBytes,
                    limit: limit as u64,
                });
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }

    /// All of it, as a text, which must be UTF-8.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`MultipartError::Undecodable`].
    pub async fn text(self) -> Result<String, MultipartError> {
        let bytes = self.read().await?;
        let text = String::from_utf8(bytes.into());
        text.map_err(|error| MultipartError::Undecodable(error.into()))
    }

    /// All of it, which must be JSON.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`MultipartError::Undecodable`].
    #[cfg(feature = "client")]
    pub async fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, MultipartError> {
        let bytes = self.read().await?;
        let value = serde_json::from_slice(&bytes);
        value.map_err(|error| MultipartError::Undecodable(error.into()))
    }

    /// Writes it to `writer`, at the pace of the slower one of the two: how many bytes.
    ///
    /// - `writer` is flushed, and not closed.
    /// - Cancel: some of it has been written.
    ///
    /// # Errors
    /// The writer's, as [`MultipartError::Unwritable`]; and as [`MultipartReader::next`].
    pub async fn copy_to<W>(mut self, writer: &mut W) -> Result<u64, MultipartError>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        let mut length = 0;
        while let Some(bytes) = self.read_chunk().await? {
            length += bytes.len() as u64;
            let written = saving::write_all(writer, &bytes).await;
            written.map_err(MultipartError::Unwritable)?;
        }
        let flushed = saving::flush(writer).await;
        flushed.map_err(MultipartError::Unwritable)?;
        Ok(length)
    }

    /// Writes it to a new file, at the pace of the slower one of the two: how many bytes.
    ///
    /// - `path`: nothing may be there. Never make it of what the client has sent.
    /// - The file is removed again when it does not come whole, and on *cancel*.
    ///
    /// # Errors
    /// That there is something, and those of writing, as [`MultipartError::Unwritable`]; and as
    /// [`MultipartReader::next`].
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64, MultipartError> {
        let path = path.as_ref();
        let saving = saving::Saving::new(path).await;
        let mut saving = saving.map_err(MultipartError::Unwritable)?;
        let length = self.copy_to(saving.file()).await?;
        saving.finish().await.map_err(MultipartError::Unwritable)?;
        Ok(length)
    }
}

impl<B> fmt::Debug for BodyPartReader<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyPartReader")
            .field("name", &self.name)
            .field("filename", &self.filename)
            .finish_non_exhaustive()
    }
}
