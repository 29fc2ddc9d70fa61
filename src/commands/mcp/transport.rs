//! The transport of the server: the library's, which also sends refusals of what it never gets to see.

use std::io;

use rmcp::{
    RoleServer,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::sync::mpsc;

use super::client_input::Refusal;

/// A transport that sends refusals while it waits for messages.
pub(super) struct RefusingTransport<T> {
    inner: T,
    refusals: mpsc::Receiver<Refusal>,
}

impl<T> RefusingTransport<T> {
    pub(super) fn new(inner: T, refusals: mpsc::Receiver<Refusal>) -> Self {
        Self { inner, refusals }
    }
}

impl<T: Transport<RoleServer, Error = io::Error>> Transport<RoleServer> for RefusingTransport<T> {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            tokio::select! {
                // Refusals come before the end of the messages.
                biased;
                Some(Refusal { id, error }) = self.refusals.recv() => {
                    let refused = self.inner.send(TxJsonRpcMessage::<RoleServer>::error(error, id));
                    // The library may drop this future at any time, but half a message must not be sent.
                    drop(tokio::spawn(refused));
                }
                message = self.inner.receive() => return message,
            }
        }
    }

    fn close(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.inner.close()
    }
}
