//! Standard input, which tells the session when the client has gone.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, ReadBuf, Stdin},
    sync::watch,
};

/// Standard input that reports its end at once: the protocol's library first waits for answers that nobody reads.
#[derive(Debug)]
pub(super) struct ClientInput {
    stdin: Stdin,
    is_open: watch::Sender<bool>,
}

impl ClientInput {
    pub(super) fn new(stdin: Stdin, is_open: watch::Sender<bool>) -> Self {
        Self { stdin, is_open }
    }
}

impl AsyncRead for ClientInput {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stdin).poll_read(context, buffer);
        let is_over = match &read {
            Poll::Ready(Ok(())) => buffer.filled().len() == before && buffer.remaining() > 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if is_over {
            this.is_open.send_replace(false);
        }
        read
    }
}
