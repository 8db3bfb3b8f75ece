//! A connection that ends when its client keeps the server waiting.
//!
//! Two clocks, each off unless it is needed. The **head's** runs from the first byte that comes while no
//! request is under way until the request is; hyper's own counts the time between requests too, and cannot
//! tell them apart. Half a head that came together with the request before it starts no clock: it has until the
//! connection would be idle for too long. The **answer's** runs while the client takes none of what is written.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Whether a request is under way on a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<AtomicBool>);

/// A request under way; dropping it ends it.
#[derive(Debug)]
pub(super) struct AtWork(Arc<AtomicBool>);

impl Busy {
    /// A request begins.
    pub(super) fn begin(&self) -> AtWork {
        self.0.store(true, Ordering::Relaxed);
        AtWork(Arc::clone(&self.0))
    }

    fn is_at_work(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A stream with the two clocks.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    patience: Duration,
    busy: Busy,
    head: Option<Pin<Box<Sleep>>>,
    answer: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, patience: Duration, busy: Busy) -> Self {
        Self { stream, patience, busy, head: None, answer: None }
    }
}

/// The clock, set if it was not.
fn running(clock: &mut Option<Pin<Box<Sleep>>>, patience: Duration) -> Pin<&mut Sleep> {
    clock.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience))).as_mut()
}

fn cut(what: &'static str) -> io::Error {
    tradewind_api::connection_cut();
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, patience, busy, head, .. } = &mut *self;
        let before = buf.filled().len();
        let polled = Pin::new(stream).poll_read(cx, buf);
        if busy.is_at_work() {
            *head = None;
            return polled;
        }
        let has_begun = head.is_some() || buf.filled().len() > before;
        if has_begun && running(head, *patience).poll(cx).is_ready() {
            return Poll::Ready(Err(cut("the request's head did not come in time")));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// What a write came to; one that waits for too long is an error.
    fn written<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        // An answer goes out, so whatever came before it was no head.
        self.head = None;
        if polled.is_ready() {
            self.answer = None;
        } else if running(&mut self.answer, self.patience).poll(cx).is_ready() {
            return Poll::Ready(Err(cut("the answer was not taken in time")));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
