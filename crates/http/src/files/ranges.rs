//! The `Range` header (RFC 9110, 14.2): which bytes of a file are wanted. Pure. Asked by answers.

use std::ops::Range;

/// More ranges than this are not looked at: whoever asks for them gets the whole.
const COUNT_MAX: usize = 16;

/// What a `Range` header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: no ranges, none that are understood, or too many to be worth the while.
    Whole,
    /// One range, not empty.
    One(Range<u64>),
    /// Several, as they were asked for: none empty, none overlapping.
    Several(Vec<Range<u64>>),
    /// Ranges, all of which lie behind the end.
    Nothing,
}

/// What `header` wants of a file of `length` bytes.
///
/// - What is malformed is ignored, as the RFC allows and most servers do: the whole is an answer
///   that every client can take.
/// - Ranges that overlap, more than 16 of them, and such that have more bytes together than the
///   whole are a way to have a server work for nothing: the whole is sent.
pub(super) fn wanted(header: &str, length: u64) -> Wanted {
    let Some((unit, set)) = header.split_once('=') else {
        return Wanted::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let mut ranges = Vec::new();
    let mut is_any = false;
    for spec in set.split(',').map(|spec| spec.trim_matches([' ', '\t'])) {
        // A list may have empty elements.
        if spec.is_empty() {
            continue;
        }
        let Some(range) = parse(spec, length) else {
            return Wanted::Whole;
        };
        is_any = true;
        if !range.is_empty() {
            ranges.push(range);
        }
        if ranges.len() > COUNT_MAX {
            return Wanted::Whole;
        }
    }
    match (ranges.len(), ranges.first()) {
        (0, _) if is_any => Wanted::Nothing,
        (1, Some(only)) => Wanted::One(only.clone()),
        (2.., _) if !is_overlapping(&ranges) => Wanted::Several(ranges),
        _none_or_too_much => Wanted::Whole,
    }
}

/// One range, empty when it lies behind the end; `None` for what is none.
fn parse(spec: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        let count = number(last)?;
        return Some(length.saturating_sub(count)..length);
    }
    let first = number(first)?;
    if last.is_empty() {
        return Some(first.min(length)..length);
    }
    let last = number(last)?;
    if last < first {
        return None;
    }
    let end = last.saturating_add(1).min(length);
    Some(first.min(end)..end)
}

/// Digits, and nothing else; more than fit are as many as fit.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn is_overlapping(ranges: &[Range<u64>]) -> bool {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.start);
    sorted.windows(2).any(|pair| pair[1].start < pair[0].end)
}

#[cfg(test)]
mod tests;
