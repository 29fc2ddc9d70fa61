//! Diagnostics on standard error: one line per event, escaped for the parser of a runner's log.

use std::io::{self, Write};

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

use crate::{notice, report::neutral};

/// Sets up the log of the process: notices and warnings, with -v each action, with -vv each request. Events of libraries
/// may contain transmitted data, so only those of this program are logged, and rmcp's note that it dropped a message.
pub(super) fn init(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = format!(
        "off,prodverdict={level},fake_stripe={level},fake_http={level},rmcp::transport::async_rw=error,{}=info",
        notice::TARGET
    );
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(Stderr)
        .event_format(Lines(
            Format::default()
                .with_ansi(false)
                .without_time()
                .with_target(false),
        ))
        .finish();
    // A second call, for example from a test, keeps the log of the first one.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// A format with the level of events, except for notices.
struct Lines(Format<Full, ()>);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        if event.metadata().target() == notice::TARGET {
            context.format_fields(writer.by_ref(), event)?;
            writeln!(writer)
        } else {
            self.0.format_event(context, writer, event)
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Stderr;

impl<'a> MakeWriter<'a> for Stderr {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter
    }
}

#[derive(Debug)]
struct LineWriter;

impl Write for LineWriter {
    /// The formatter writes one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = neutral::terminal(text.trim_end());
        notice::above(|| writeln!(io::stderr().lock(), "{line}"))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
