//! Reads the client's messages, one per line. A line that is too long or is not JSON is refused, and the rest goes on.

use std::io;

use rmcp::model::{ErrorCode, ErrorData, RequestId};
use serde::{Deserialize, de::IgnoredAny};
use tokio::{
    io::{
        AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader, DuplexStream,
    },
    sync::{mpsc, watch},
};

/// Maximum size of a message.
pub(super) const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Maximum size of a message whose id is looked for, so that the refusal can name it.
const MAX_SEARCHED_BYTES: usize = 16 * 1024 * 1024;

/// The refusal of a message.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The request that is refused; `None` if it has no id that can be read.
    pub(super) id: Option<RequestId>,
    pub(super) error: ErrorData,
}

/// The part of a refused message that is read.
#[derive(Deserialize)]
struct Envelope {
    id: Option<RequestId>,
    method: Option<IgnoredAny>,
}

/// The destinations of what the client sends.
#[derive(Debug)]
pub(super) struct ClientInput {
    pub(super) messages: DuplexStream,
    pub(super) refusals: mpsc::Sender<Refusal>,
    /// Turns false when the client has gone. The protocol's library reports that later, after it has waited for answers
    /// that nobody reads.
    pub(super) client_presence: watch::Sender<bool>,
}

impl ClientInput {
    /// Passes messages on until the client has gone, or until nobody takes them.
    pub(super) async fn pass_on(mut self, input: impl AsyncRead + Unpin) {
        let mut input = BufReader::new(input);
        let mut line = Line::default();
        while let Ok(true) = line.read(&mut input).await {
            let passed = match line.refusal() {
                Some(refusal) => self.refusals.send(refusal).await.is_ok(),
                None => self.messages.write_all(&line.bytes).await.is_ok(),
            };
            if !passed {
                break;
            }
            line = Line::default();
        }
        self.client_presence.send_replace(false);
    }
}

/// A line with its end.
#[derive(Debug, Default)]
struct Line {
    /// The line, or the first part of one that is longer than [`MAX_SEARCHED_BYTES`].
    bytes: Vec<u8>,
    is_truncated: bool,
}

impl Line {
    /// Returns false if there are no more lines.
    async fn read(&mut self, input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<bool> {
        loop {
            let read = input.fill_buf().await?;
            let end = read.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(read.len(), |end| end.saturating_add(1));
            if taken == 0 {
                return Ok(false);
            }
            if self.bytes.len().saturating_add(taken) > MAX_SEARCHED_BYTES {
                self.is_truncated = true;
            }
            if !self.is_truncated {
                self.bytes.extend(read.iter().take(taken));
            }
            input.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// Returns why the line is not passed on.
    fn refusal(&self) -> Option<Refusal> {
        if self.bytes.trim_ascii().is_empty() && !self.is_truncated {
            return None;
        }
        if self.is_truncated || self.bytes.len() > MAX_MESSAGE_BYTES {
            let message = format!("the message is longer than {} MiB", MAX_MESSAGE_BYTES >> 20);
            return Some(Refusal {
                id: self.id(),
                error: ErrorData::invalid_request(message, None),
            });
        }
        let is_json = serde_json::from_slice::<IgnoredAny>(&self.bytes).is_ok();
        (!is_json).then(|| Refusal {
            id: None,
            error: ErrorData::new(ErrorCode::PARSE_ERROR, "the message is not JSON", None),
        })
    }

    /// Returns the id of a request.
    fn id(&self) -> Option<RequestId> {
        if self.is_truncated {
            return None;
        }
        let envelope: Envelope = serde_json::from_slice(&self.bytes).ok()?;
        envelope.method.and(envelope.id)
    }
}
