//! What tells one state of a file from the next: its `ETag` and `Last-Modified` (RFC 9110, 8.8).
//! Pure: the time is an argument. Made by answers, held against conditions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

use super::packing::Packing;

/// How long ago a file must have changed, so that it cannot have changed again within what its file
/// system and HTTP take for the same moment.
const SETTLED: Duration = Duration::from_secs(2);

/// The first second of the year 10000, which HTTP cannot say.
const YEAR_10000: u64 = 253_402_300_800;

/// See the module.
#[derive(Debug)]
pub(super) struct Validators {
    /// What is between the quotes of the `ETag`.
    pub(super) tag: String,
    /// Whether the same tag, or the same second, promises the same bytes.
    pub(super) is_strong: bool,
    /// When it changed, in whole seconds; `None` for times that HTTP cannot say, and for those to
    /// come, which it must not.
    pub(super) modified: Option<SystemTime>,
}

impl Validators {
    /// Those of a file of `length` bytes, that changed at `modified` and is packed like this.
    pub(super) fn new(
        modified: Option<SystemTime>,
        length: u64,
        packing: Option<Packing>,
        now: SystemTime,
    ) -> Self {
        let since = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        let nanos = since.map_or(0, |since| since.as_nanos());
        let suffix = packing.map_or("", Packing::ending);
        let age = modified.and_then(|modified| now.duration_since(modified).ok());
        let seconds = since.map(|since| since.as_secs());
        let seconds = seconds.filter(|seconds| age.is_some() && *seconds < YEAR_10000);
        Self {
            tag: format!("{nanos:x}-{length:x}{suffix}"),
            is_strong: since.is_some() && age.is_some_and(|age| age >= SETTLED),
            modified: seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
        }
    }

    /// The value of `ETag`.
    pub(super) fn etag(&self) -> HeaderValue {
        let weak = if self.is_strong { "" } else { "W/" };
        let value = HeaderValue::try_from(format!("{weak}\"{}\"", self.tag));
        value.expect("digits, a dash and letters can be said in a header")
    }

    /// The value of `Last-Modified`.
    pub(super) fn last_modified(&self) -> Option<HeaderValue> {
        let date = httpdate::fmt_http_date(self.modified?);
        Some(HeaderValue::try_from(date).expect("a date can be said in a header"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_file_that_changed_just_now_has_a_weak_tag_only() {
        let age = |age: u64| Validators::new(Some(at(1000)), 5, None, at(1000 + age));
        assert_eq!(age(2).etag(), "\"e8d4a51000-5\"");
        assert_eq!(age(1).etag(), "W/\"e8d4a51000-5\"");
        let date = "Thu, 01 Jan 1970 00:16:40 GMT";
        assert_eq!(age(1).last_modified().unwrap(), date);
    }

    #[test]
    fn what_is_packed_has_another_tag() {
        let tag = |packing| Validators::new(Some(at(1)), 5, packing, at(9)).tag;
        assert_ne!(tag(None), tag(Some(Packing::Gzip)));
        assert_ne!(tag(Some(Packing::Brotli)), tag(Some(Packing::Gzip)));
    }

    #[test]
    fn times_that_cannot_be_said_are_not() {
        let times = [
            None,
            Some(UNIX_EPOCH - Duration::from_secs(1)),
            Some(at(YEAR_10000)),
            Some(at(1001)),
        ];
        for time in times {
            let validators = Validators::new(time, 5, None, at(1000));
            assert_eq!(validators.last_modified(), None, "{time:?}");
            assert!(!validators.is_strong, "{time:?}");
        }
    }
}
