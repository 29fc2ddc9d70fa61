//! Diagnostics on standard error: one line an event, harmless to the parser of a runner's log.

use std::io::{self, Write};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::report::neutral;

/// Sets up the log for the process: warnings, with -v what is done, with -vv each request. Only our own events: those
/// of libraries may hold what was sent.
pub(super) fn init(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("off,prodverdict={level}")))
        .with_writer(Stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .finish();
    // A second call, as from a test, keeps the first one's log.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[derive(Debug, Clone, Copy)]
struct Stderr;

impl<'a> MakeWriter<'a> for Stderr {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line
    }
}

#[derive(Debug)]
struct Line;

impl Write for Line {
    /// The formatter writes one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        writeln!(
            io::stderr().lock(),
            "{}",
            neutral::terminal(text.trim_end())
        )?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
