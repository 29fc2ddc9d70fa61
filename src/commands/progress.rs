//! What is being read, shown on a terminal while it is read, and nothing where nobody watches.

use std::io::Write as _;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Spinners on standard error, one a source.
#[derive(Debug)]
pub(crate) struct Progress {
    bars: MultiProgress,
    /// Whether notes are written at all.
    speaks: bool,
}

impl Progress {
    pub(crate) fn new(on_terminal: bool) -> Self {
        let target = if on_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            speaks: true,
        }
    }

    /// Says and shows nothing.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        Self {
            speaks: false,
            ..Self::new(false)
        }
    }

    /// Says something on standard error, above the lines that are shown.
    pub(crate) fn note(&self, text: &str) {
        if self.speaks {
            let write = || writeln!(std::io::stderr().lock(), "{text}");
            self.bars.suspend(|| drop(write()));
        }
    }

    /// A line that counts what comes from one source; it goes when it is dropped.
    pub(crate) fn line(&self, source: &str) -> Line {
        let bar = self.bars.add(ProgressBar::new_spinner());
        // The template is a literal; should it ever not parse, the default line is shown.
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix}: {human_pos} read, {elapsed}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(source.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Line(bar)
    }
}

/// One source's line.
#[derive(Debug)]
pub(crate) struct Line(ProgressBar);

impl Line {
    /// Shows how many were read so far.
    pub(crate) fn read(&self, count: u64) {
        self.0.set_position(count);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
