//! The last lines that an application printed, masked when they are read and then truncated.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Number of lines kept, and shown in a finding or an error.
pub const SHOWN_LINES: usize = 50;

/// Maximum length of a shown line, in characters.
const MAX_SHOWN: usize = 300;

/// Maximum length of a line that is read, large enough that no secret is cut before it is masked.
const MAX_READ: usize = 64 * 1024;

/// A function that masks the secrets in a line.
pub type Masking = Box<dyn Fn(&str) -> String + Send + Sync>;

/// The last lines of standard output and standard error, in the order of arrival.
pub struct Log {
    masking: Masking,
    kept: Mutex<LogLines>,
}

#[derive(Debug, Default)]
struct LogLines {
    lines: VecDeque<String>,
    /// Number of dropped lines.
    dropped: usize,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl Log {
    pub fn new(masking: Masking) -> Self {
        Self {
            masking,
            kept: Mutex::default(),
        }
    }

    /// Returns the current position in the log, which is the number of lines so far.
    pub fn position(&self) -> usize {
        let kept = self.locked();
        kept.dropped + kept.lines.len()
    }

    /// Returns the lines after a position that are still kept.
    pub fn since(&self, position: usize) -> Vec<String> {
        let kept = self.locked();
        let skipped = position.saturating_sub(kept.dropped);
        kept.lines.iter().skip(skipped).cloned().collect()
    }

    /// Returns all kept lines.
    pub fn last(&self) -> Vec<String> {
        self.since(0)
    }

    /// Reads lines until the stream ends.
    pub(super) async fn read(self: Arc<Self>, mut from: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 8192];
        let mut line: Vec<u8> = Vec::new();
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            for byte in buffer.iter().take(count) {
                if *byte == b'\n' {
                    self.push(&line);
                    line.clear();
                } else if line.len() < MAX_READ {
                    line.push(*byte);
                }
            }
        }
        if !line.is_empty() {
            self.push(&line);
        }
    }

    fn push(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = anstream::adapter::strip_str(text.trim_end()).to_string();
        let masked = (self.masking)(&text);
        let mut shown: String = masked.chars().take(MAX_SHOWN).collect();
        if shown.len() < masked.len() {
            shown.push('…');
        }
        tracing::info!("application: {shown}");
        let mut kept = self.locked();
        if kept.lines.len() == SHOWN_LINES {
            kept.lines.pop_front();
            kept.dropped += 1;
        }
        kept.lines.push_back(shown);
    }

    fn locked(&self) -> MutexGuard<'_, LogLines> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8]) -> Arc<Log> {
        let log = Arc::new(Log::new(Box::new(|text| text.replace("hunter2", "***"))));
        Arc::clone(&log).read(text).await;
        log
    }

    #[tokio::test]
    async fn the_last_lines_are_kept_in_their_order() {
        let numbers: Vec<_> = (0..60).map(|number| number.to_string()).collect();
        let text = numbers.join("\n");
        let log = read(text.as_bytes()).await;
        assert_eq!(log.position(), 60);
        assert_eq!(log.last().len(), SHOWN_LINES);
        assert_eq!(log.since(58), ["58", "59"]);
        assert_eq!(log.since(60), Vec::<String>::new());
        assert_eq!(log.since(3).first().map(String::as_str), Some("10"));
    }

    #[tokio::test]
    async fn lines_are_masked_before_they_are_cut() {
        let long = format!("{}hunter2{}\n", "a".repeat(296), "b".repeat(500));
        let log = read(long.as_bytes()).await;
        let lines = log.last();
        let line = lines.first().map(String::as_str).unwrap_or_default();
        assert!(line.ends_with("a***b…"), "{line}");
    }

    #[tokio::test]
    async fn colors_and_bytes_that_are_not_text_are_harmless() {
        let log = read(b"\x1b[31mred\x1b[0m\xff\r\nno newline").await;
        assert_eq!(log.last(), ["red\u{fffd}", "no newline"]);
    }
}
