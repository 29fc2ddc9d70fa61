//! Progress of reads, shown only on a terminal.

use std::sync::Mutex;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The spinners of this process. Other lines on standard error are printed above them.
static SHOWN: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// Spinners on standard error, one per source.
#[derive(Debug)]
pub struct Progress {
    bars: MultiProgress,
}

/// Writes to standard error, above the spinners if there are any.
pub fn above<T>(write: impl FnOnce() -> T) -> T {
    let shown = SHOWN.lock().ok().and_then(|shown| shown.clone());
    match shown {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

impl Progress {
    pub fn new(on_terminal: bool) -> Self {
        let target = if on_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bars = MultiProgress::with_draw_target(target);
        if on_terminal && let Ok(mut shown) = SHOWN.lock() {
            *shown = Some(bars.clone());
        }
        Self { bars }
    }

    /// Adds a line that counts the objects of one source. It disappears when dropped.
    pub fn line(&self, source: &str) -> Line {
        let bar = self.bars.add(ProgressBar::new_spinner());
        // The template is a literal; should it ever fail to parse, the default line is shown.
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

/// The progress line of one source.
#[derive(Debug)]
pub struct Line(ProgressBar);

impl Line {
    /// Shows the number read so far.
    pub fn read(&self, count: u64) {
        self.0.set_position(count);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
