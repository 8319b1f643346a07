//! Feeding a child and draining it at the same time, so that neither waits for the other forever.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_io::{AsyncRead, AsyncWrite};

use super::ChildStdin;

/// Room for what is read, at first and whenever it is full.
const CHUNK: usize = 32 * 1024;

/// What [`Process::communicate`](super::Process::communicate) takes for input: bytes or text, owned
/// or not, or `None`.
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// use bowerbird::subprocess::{PIPE, create_subprocess_exec};
///
/// let cat = || create_subprocess_exec("cat").stdin(PIPE).stdout(PIPE);
/// assert_eq!(cat().await?.communicate("text").await?.0.unwrap(), b"text");
/// assert_eq!(cat().await?.communicate(vec![1, 2]).await?.0.unwrap(), [1, 2]);
/// assert!(cat().await?.communicate(None).await?.0.unwrap().is_empty());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait Input: Send {
    /// The bytes to feed.
    fn as_bytes(&self) -> &[u8];
}

impl Input for &[u8] {
    fn as_bytes(&self) -> &[u8] {
        self
    }
}

impl<const N: usize> Input for &[u8; N] {
    fn as_bytes(&self) -> &[u8] {
        *self
    }
}

impl Input for &Vec<u8> {
    fn as_bytes(&self) -> &[u8] {
        self
    }
}

impl Input for Vec<u8> {
    fn as_bytes(&self) -> &[u8] {
        self
    }
}

impl Input for &str {
    fn as_bytes(&self) -> &[u8] {
        str::as_bytes(self)
    }
}

impl Input for String {
    fn as_bytes(&self) -> &[u8] {
        str::as_bytes(self)
    }
}

impl Input for Option<&[u8]> {
    fn as_bytes(&self) -> &[u8] {
        self.unwrap_or_default()
    }
}

/// Feeds all of `input`, then closes. A child that does not want it all is no error.
pub(super) async fn feed(stdin: &mut Option<ChildStdin>, input: &[u8]) -> io::Result<()> {
    let Some(pipe) = stdin else { return Ok(()) };
    let fed = write_all(pipe, input).await;
    // The end of input.
    *stdin = None;
    match fed {
        Err(error) if is_gone(&error) => Ok(()),
        fed => fed,
    }
}

async fn write_all(pipe: &mut ChildStdin, input: &[u8]) -> io::Result<()> {
    let mut left = input;
    while !left.is_empty() {
        let count = poll_fn(|cx| Pin::new(&mut *pipe).poll_write(cx, left)).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        left = &left[count..];
    }
    poll_fn(|cx| Pin::new(&mut *pipe).poll_flush(cx)).await
}

/// Whether the child has closed its end.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

/// Reads to the end, then closes; `None` without a pipe.
pub(super) async fn drain<P: AsyncRead + Unpin>(
    pipe: &mut Option<P>,
) -> io::Result<Option<Vec<u8>>> {
    let Some(from) = pipe else { return Ok(None) };
    let mut bytes = Vec::new();
    let mut filled = 0;
    loop {
        if bytes.len() - filled < CHUNK / 2 {
            // Doubled, so that a long output is not copied again and again.
            bytes.resize((2 * bytes.len()).max(CHUNK), 0);
        }
        let room = &mut bytes[filled..];
        match poll_fn(|cx| Pin::new(&mut *from).poll_read(cx, room)).await? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    *pipe = None;
    Ok(Some(bytes))
}

/// Drives three futures at once, to the end of all of them.
pub(super) async fn together<A, B, C>(a: A, b: B, c: C) -> (A::Output, B::Output, C::Output)
where
    A: Future,
    B: Future,
    C: Future,
{
    let (mut a, mut b, mut c) = (pin!(a), pin!(b), pin!(c));
    let (mut of_a, mut of_b, mut of_c) = (None, None, None);
    poll_fn(|cx| {
        let is_over = [
            poll_once(a.as_mut(), &mut of_a, cx),
            poll_once(b.as_mut(), &mut of_b, cx),
            poll_once(c.as_mut(), &mut of_c, cx),
        ];
        if is_over != [true; 3] {
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
    let over = "all three are over";
    (of_a.expect(over), of_b.expect(over), of_c.expect(over))
}

/// Polls a future that is not over yet: whether it is now.
fn poll_once<F: Future>(
    future: Pin<&mut F>,
    output: &mut Option<F::Output>,
    cx: &mut std::task::Context<'_>,
) -> bool {
    if output.is_none() {
        if let Poll::Ready(value) = future.poll(cx) {
            *output = Some(value);
        }
    }
    output.is_some()
}
