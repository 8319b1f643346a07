//! Why a form was not read to its end, and what to answer.

use std::error::Error;
use std::{fmt, io};

use http::{Response, StatusCode};

/// Why a form was not read to its end. It knows what to answer: [`status`](Self::status).
#[derive(Debug)]
#[non_exhaustive]
pub enum MultipartError {
    /// The request has no `multipart/form-data`. 415.
    NotMultipart,
    /// What came is no form. 400.
    Malformed(&'static str),
    /// The body ended in the middle of the form. 400.
    Incomplete,
    /// There is more of something than was allowed. 413.
    TooLarge {
        /// Of what.
        what: MultipartLimit,
        /// What was allowed.
        limit: u64,
    },
    /// A part that was wanted as a text is not UTF-8, or one that was wanted as JSON is something
    /// else. 400.
    Undecodable(Box<dyn Error + Send + Sync>),
    /// The connection broke, or what came was no body. 400.
    Broken(Box<dyn Error + Send + Sync>),
    /// A part could not be written where it was to be. 500.
    Unwritable(io::Error),
}

/// What is limited in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MultipartLimit {
    /// The number of parts.
    Parts,
    /// Bytes of the headers of a part, or before the first one.
    HeaderBytes,
    /// Bytes of a part that is wanted whole.
    FieldBytes,
    /// Bytes of everything.
    BodyBytes,
}

impl MultipartError {
    /// What to answer: 400, 413, 415 or 500.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotMultipart => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unwritable(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Malformed(_) | Self::Incomplete | Self::Undecodable(_) | Self::Broken(_) => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// An answer that says so, in a line of text; of errors that are not the client's, no more than
    /// that there is one.
    pub fn to_response<B: From<String>>(&self) -> Response<B> {
        let line = match self {
            Self::Unwritable(_) => "the form could not be stored\n".to_owned(),
            theirs => format!("{theirs}\n"),
        };
        let mut response = Response::new(B::from(line));
        *response.status_mut() = self.status();
        response
    }
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMultipart => f.write_str("this takes `multipart/form-data`"),
            Self::Malformed(what) => write!(f, "the form is malformed: {what}"),
            Self::Incomplete => f.write_str("the form broke off"),
            Self::TooLarge { what, limit } => {
                let what = match what {
                    MultipartLimit::Parts => "the form has more parts than",
                    MultipartLimit::HeaderBytes => "the headers of a part have more bytes than",
                    MultipartLimit::FieldBytes => "a part of the form has more bytes than",
                    MultipartLimit::BodyBytes => "the form has more bytes than",
                };
                write!(f, "{what} {limit}")
            }
            Self::Undecodable(error) => write!(f, "a part of the form cannot be read: {error}"),
            Self::Broken(error) => write!(f, "the form broke off: {error}"),
            Self::Unwritable(error) => write!(f, "a part could not be written: {error}"),
        }
    }
}

impl Error for MultipartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Undecodable(error) | Self::Broken(error) => Some(&**error),
            Self::Unwritable(error) => Some(error),
            _alone => None,
        }
    }
}
