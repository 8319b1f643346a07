//! Conditions of a request, in the order in which RFC 9110, 13.2.2 has them weighed. Pure. Asked by
//! answers.

use std::time::SystemTime;

use http::header::{self, HeaderName};
use http::{HeaderMap, Method};

use super::validators::Validators;

/// What the conditions come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The request is to be answered as if there were none.
    Send,
    /// 304: the client has it.
    NotModified,
    /// 412: it is not what the client takes it for.
    Failed,
}

/// Weighs all but `If-Range`, which is about ranges only.
pub(super) fn weigh(method: &Method, headers: &HeaderMap, file: &Validators) -> Verdict {
    let is_reading = matches!(*method, Method::GET | Method::HEAD);
    let is_as_taken = if headers.contains_key(header::IF_MATCH) {
        has_tag(headers, &header::IF_MATCH, |tag| tag.is_same(file))
    } else {
        let since = date(headers, &header::IF_UNMODIFIED_SINCE).zip(file.modified);
        since.is_none_or(|(since, modified)| modified <= since)
    };
    if !is_as_taken {
        return Verdict::Failed;
    }
    let is_news = if headers.contains_key(header::IF_NONE_MATCH) {
        !has_tag(headers, &header::IF_NONE_MATCH, |tag| tag.is_alike(file))
    } else {
        let since = date(headers, &header::IF_MODIFIED_SINCE).zip(file.modified);
        let since = since.filter(|_| is_reading);
        since.is_none_or(|(since, modified)| modified > since)
    };
    match (is_news, is_reading) {
        (true, _) => Verdict::Send,
        (false, true) => Verdict::NotModified,
        (false, false) => Verdict::Failed,
    }
}

/// Whether ranges may be sent: of the very bytes that the client has the rest of.
pub(super) fn allows_ranges(headers: &HeaderMap, file: &Validators) -> bool {
    let Some(value) = headers.get(header::IF_RANGE) else {
        return true;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    match tags(value).next() {
        Some(Tag::Any) => false,
        Some(tag) => tag.is_same(file),
        None => {
            let date = httpdate::parse_http_date(value).ok();
            file.is_strong && date.is_some() && date == file.modified
        }
    }
}

/// A tag, as a client says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag<'a> {
    /// `*`: whatever there is.
    Any,
    Weak(&'a str),
    Strong(&'a str),
}

impl Tag<'_> {
    /// Whether it promises the same bytes.
    fn is_same(self, file: &Validators) -> bool {
        match self {
            Self::Any => true,
            Self::Weak(_) => false,
            Self::Strong(tag) => file.is_strong && tag == file.tag,
        }
    }

    /// Whether it promises as much as either of the two does.
    fn is_alike(self, file: &Validators) -> bool {
        match self {
            Self::Any => true,
            Self::Weak(tag) | Self::Strong(tag) => tag == file.tag,
        }
    }
}

fn has_tag(headers: &HeaderMap, name: &HeaderName, is_it: impl Fn(Tag<'_>) -> bool) -> bool {
    let values = headers.get_all(name).iter();
    let mut values = values.filter_map(|value| value.to_str().ok());
    values.any(|value| tags(value).any(&is_it))
}

/// The tags of a list, up to what is none. What is between quotes may have commas in it.
fn tags(list: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            return Some(Tag::Any);
        }
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        rest = after;
        Some(if is_weak {
            Tag::Weak(tag)
        } else {
            Tag::Strong(tag)
        })
    })
}

/// A date; what is none counts as not there.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let value = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(value).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::HeaderValue;

    use super::*;

    const BEFORE: &str = "Thu, 01 Jan 1970 00:16:39 GMT";
    const THEN: &str = "Thu, 01 Jan 1970 00:16:40 GMT";
    const AFTER: &str = "Thu, 01 Jan 1970 00:16:41 GMT";

    fn file(is_strong: bool) -> Validators {
        Validators {
            tag: "a,b".to_owned(),
            is_strong,
            modified: Some(UNIX_EPOCH + Duration::from_secs(1000)),
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |&(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    /// By GET, of a file with a strong tag.
    fn got(lines: &[(&'static str, &'static str)]) -> Verdict {
        weigh(&Method::GET, &headers(lines), &file(true))
    }

    #[test]
    fn lists_of_tags_are_read_up_to_what_is_none() {
        let all: Vec<_> = tags(r#" "a,b" , W/"c",,"" ,* , w/"d""#).collect();
        use Tag::{Any, Strong, Weak};
        assert_eq!(all, [Strong("a,b"), Weak("c"), Strong(""), Any]);
        assert_eq!(tags("a").count(), 0);
        assert_eq!(tags("\"a").count(), 0);
    }

    #[test]
    fn each_condition_alone() {
        use Verdict::{Failed, NotModified, Send};
        assert_eq!(got(&[]), Send);
        assert_eq!(got(&[("if-match", r#""x", "a,b""#)]), Send);
        assert_eq!(got(&[("if-match", r#""x""#), ("if-match", "*")]), Send);
        assert_eq!(got(&[("if-match", r#""x""#)]), Failed);
        assert_eq!(got(&[("if-match", r#"W/"a,b""#)]), Failed);
        assert_eq!(got(&[("if-none-match", r#"W/"a,b""#)]), NotModified);
        assert_eq!(got(&[("if-none-match", "*")]), NotModified);
        assert_eq!(got(&[("if-none-match", r#""x""#)]), Send);
        assert_eq!(got(&[("if-modified-since", BEFORE)]), Send);
        assert_eq!(got(&[("if-modified-since", THEN)]), NotModified);
        assert_eq!(got(&[("if-modified-since", AFTER)]), NotModified);
        assert_eq!(got(&[("if-modified-since", "yesterday")]), Send);
        assert_eq!(got(&[("if-unmodified-since", BEFORE)]), Failed);
        assert_eq!(got(&[("if-unmodified-since", THEN)]), Send);
        assert_eq!(got(&[("if-unmodified-since", "yesterday")]), Send);
    }

    #[test]
    fn tags_come_before_dates_and_what_fails_before_what_is_known() {
        use Verdict::{Failed, NotModified, Send};
        let same = ("if-match", r#""a,b""#);
        assert_eq!(got(&[same, ("if-unmodified-since", BEFORE)]), Send);
        let known = ("if-none-match", r#""a,b""#);
        assert_eq!(got(&[("if-match", r#""x""#), known]), Failed);
        assert_eq!(got(&[same, known]), NotModified);
        let other = ("if-none-match", r#""x""#);
        assert_eq!(got(&[other, ("if-modified-since", AFTER)]), Send);
    }

    #[test]
    fn what_changes_something_is_never_answered_with_304() {
        let weigh = |lines: &[_]| weigh(&Method::PUT, &headers(lines), &file(true));
        assert_eq!(weigh(&[("if-none-match", "*")]), Verdict::Failed);
        assert_eq!(weigh(&[("if-modified-since", AFTER)]), Verdict::Send);
    }

    #[test]
    fn ranges_are_of_the_very_same_bytes() {
        let allows =
            |value, is_strong| allows_ranges(&headers(&[("if-range", value)]), &file(is_strong));
        assert!(allows_ranges(&HeaderMap::new(), &file(false)));
        assert!(allows(r#""a,b""#, true));
        assert!(allows(THEN, true));
        for value in [r#""x""#, r#"W/"a,b""#, BEFORE, AFTER, "*", "yesterday"] {
            assert!(!allows(value, true), "{value}");
        }
        for value in [r#""a,b""#, r#"W/"a,b""#, THEN] {
            assert!(!allows(value, false), "{value}");
        }
    }
}
