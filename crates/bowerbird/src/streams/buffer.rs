//! Bytes that came and were not yet asked for, and the search for separators in them. Called by the
//! reader; knows no link.

/// Empty buffers with more memory than this give it back.
const KEPT_BYTES: usize = 64 * 1024;

/// Bytes in order of arrival.
#[derive(Default)]
pub(super) struct Buffer {
    /// What came; the first of them may be gone.
    bytes: Vec<u8>,
    /// How many are gone.
    gone: usize,
}

impl Buffer {
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.gone..]
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.gone
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts bytes behind those that are there.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        if self.gone > 0 && self.bytes.len() + bytes.len() > self.bytes.capacity() {
            self.bytes.drain(..self.gone);
            self.gone = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the first bytes out; there must be so many.
    pub(super) fn take(&mut self, bytes: usize) -> Vec<u8> {
        if self.gone == 0 && bytes == self.bytes.len() && bytes > KEPT_BYTES {
            // All of a large buffer: no copy.
            return std::mem::take(&mut self.bytes);
        }
        let taken = self.as_slice()[..bytes].to_vec();
        self.consume(bytes);
        taken
    }

    /// Takes everything out.
    pub(super) fn take_all(&mut self) -> Vec<u8> {
        self.take(self.len())
    }

    /// Copies the first bytes into `into`: how many.
    pub(super) fn take_into(&mut self, into: &mut [u8]) -> usize {
        let bytes = into.len().min(self.len());
        into[..bytes].copy_from_slice(&self.as_slice()[..bytes]);
        self.consume(bytes);
        bytes
    }

    /// Drops the first bytes; there must be so many.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.gone += bytes;
        debug_assert!(self.gone <= self.bytes.len(), "only what is there goes");
        if self.gone == self.bytes.len() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.gone = 0;
        if self.bytes.capacity() > KEPT_BYTES {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }
}

/// What ends a message: bytes or text, or several of which the one that ends first counts.
///
/// Implemented for `&[u8]`, `&[u8; N]`, `&str`, and arrays and slices of these.
///
/// ```
/// # bowerbird::run(async {
/// let server = bowerbird::start_server(
///     |_reader, writer| async move { writer.write("one\ntwo; ").await },
///     "127.0.0.1:0",
/// );
/// let server = server.await.unwrap();
/// let addr = server.local_addrs()[0];
/// let (mut reader, _writer) = bowerbird::open_connection(addr).limit(4).await.unwrap();
///
/// assert_eq!(reader.readuntil(b"\n").await.unwrap(), b"one\n");
/// assert_eq!(reader.readuntil([",", ";"]).await.unwrap(), b"two;");
/// # });
/// ```
pub trait Separator {
    /// Calls `each` with every one of the separators.
    fn for_each(&self, each: &mut dyn FnMut(&[u8]));
}

impl Separator for [u8] {
    fn for_each(&self, each: &mut dyn FnMut(&[u8])) {
        each(self);
    }
}

impl<const N: usize> Separator for [u8; N] {
    fn for_each(&self, each: &mut dyn FnMut(&[u8])) {
        each(self);
    }
}

impl Separator for str {
    fn for_each(&self, each: &mut dyn FnMut(&[u8])) {
        each(self.as_bytes());
    }
}

impl<S: Separator + ?Sized> Separator for [&S] {
    fn for_each(&self, each: &mut dyn FnMut(&[u8])) {
        self.iter().for_each(|one| one.for_each(each));
    }
}

impl<S: Separator + ?Sized, const N: usize> Separator for [&S; N] {
    fn for_each(&self, each: &mut dyn FnMut(&[u8])) {
        self.as_slice().for_each(each);
    }
}

impl<S: Separator + ?Sized> Separator for &S {
    fn for_each(&self, each: &mut dyn FnMut(&[u8])) {
        (**self).for_each(each);
    }
}

/// Where a separator was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// The lengths of the separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    /// Of the shortest one.
    pub(super) shortest: usize,
    /// Of the longest one.
    pub(super) longest: usize,
}

impl Lengths {
    /// `None` when there is no separator, or an empty one, which would be found everywhere.
    pub(super) fn of<S: Separator + ?Sized>(separator: &S) -> Option<Self> {
        let mut lengths: Option<Self> = None;
        separator.for_each(&mut |one| {
            let known = lengths.unwrap_or(Self {
                shortest: one.len(),
                longest: one.len(),
            });
            lengths = Some(Self {
                shortest: known.shortest.min(one.len()),
                longest: known.longest.max(one.len()),
            });
        });
        lengths.filter(|lengths| lengths.shortest > 0)
    }
}

/// The separator that ends first, not looking before `from`. Of those that end at the same place
/// the shortest counts.
pub(super) fn find<S: Separator + ?Sized>(
    bytes: &[u8],
    from: usize,
    separator: &S,
) -> Option<Found> {
    let mut first: Option<Found> = None;
    separator.for_each(&mut |one| {
        let Some(start) = position(&bytes[from.min(bytes.len())..], one) else {
            return;
        };
        let start = from + start;
        let end = start + one.len();
        let is_first = first.is_none_or(|first| (end, first.start) < (first.end, start));
        if is_first {
            first = Some(Found { start, end });
        }
    });
    first
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (&head, tail) = wanted.split_first()?;
    let mut at = 0;
    while let Some(skipped) = bytes[at..].iter().position(|&byte| byte == head) {
        at += skipped;
        if bytes[at + 1..].starts_with(tail) {
            return Some(at);
        }
        at += 1;
    }
    None
}
