//! Draws `docs/listing.svg`: responses over time, for the program and for a sequential reader.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use super::{
    Result,
    measured::{LIMIT, Measured},
};

const FILE: &str = "docs/listing.svg";

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 48.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 40.0;

/// Number of intervals between grid lines.
const PARTS: f64 = 5.0;

/// Distance from the middle of a text to its baseline.
const HALF_A_TEXT: f64 = 4.5;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-size:15px;fill:#1f2328}\
.grid{stroke:#d0d7de}.limit{stroke:#8c959f;stroke-dasharray:5 4}.ours{stroke:#0969da}.plain{stroke:#bc4c00}\
.ours,.plain{fill:none;stroke-width:2.5}text.ours,text.plain{stroke:none;font-weight:600}text.ours{fill:#0969da}\
text.plain{fill:#bc4c00}@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}.grid{stroke:#3d444d}\
.limit{stroke:#656c76}.ours{stroke:#4493f8}.plain{stroke:#f0883e}text.ours{fill:#4493f8}text.plain{fill:#f0883e}}";

/// The scales of seconds and responses.
struct Axes {
    seconds: f64,
    answers: f64,
}

impl Axes {
    fn x(&self, seconds: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * seconds / self.seconds
    }

    fn y(&self, answers: f64) -> f64 {
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * answers / self.answers
    }

    /// Returns the middle between the grid lines around `answers`, where text crosses none of them.
    fn between_lines(&self, answers: f64) -> f64 {
        let step = self.answers / PARTS;
        ((answers / step).floor().min(PARTS - 1.0) + 0.5) * step
    }
}

pub(crate) fn write(ours: &Measured, plain: &Measured) -> Result<()> {
    let axes = Axes {
        seconds: next(ours.seconds.max(plain.seconds), 25.0),
        answers: next(count(&ours.answered).max(count(&plain.answered)), 50.0),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
         <title>Pages read over time</title><style>{STYLE}</style>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"22\">Pages of 100 subscriptions read, over seconds</text>\n"
    );
    grid(&mut svg, &axes)?;
    // The maximum rate of the provider.
    let until = (axes.answers / LIMIT).min(axes.seconds);
    writeln!(
        svg,
        "<path class=\"limit\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
        axes.x(0.0),
        axes.y(0.0),
        axes.x(until),
        axes.y(until * LIMIT)
    )?;
    let beside = axes.between_lines(until * LIMIT);
    writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\">the provider's limit: {LIMIT:.0} pages/s</text>",
        axes.x(beside / LIMIT) + 14.0,
        axes.y(beside) + HALF_A_TEXT
    )?;
    curve(&mut svg, &axes, "ours", ours)?;
    curve(&mut svg, &axes, "plain", plain)?;
    let beside = axes.between_lines(count(&plain.answered) / 2.0);
    writeln!(
        svg,
        "<text class=\"ours\" x=\"{:.1}\" y=\"{:.1}\">prodverdict: whole check in {:.1} s</text>",
        axes.x(ours.seconds) + 14.0,
        axes.y(axes.between_lines(count(&ours.answered))) + HALF_A_TEXT,
        ours.seconds
    )?;
    writeln!(
        svg,
        "<text class=\"plain\" x=\"{:.1}\" y=\"{:.1}\">one page after the other: {:.0} s</text>\n</svg>",
        // The curve rises to the right, above the text.
        axes.x(plain.seconds * beside / count(&plain.answered)) + 36.0,
        axes.y(beside) + HALF_A_TEXT,
        plain.seconds
    )?;
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE), svg)?;
    Ok(())
}

fn grid(svg: &mut String, axes: &Axes) -> std::fmt::Result {
    for part in 0..=5_u8 {
        let (seconds, answers) = (
            axes.seconds * f64::from(part) / PARTS,
            axes.answers * f64::from(part) / PARTS,
        );
        let (x, y, bottom, right) = (axes.x(seconds), axes.y(answers), axes.y(0.0), WIDTH - RIGHT);
        writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{answers:.0}</text>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{seconds:.0} s</text>",
            LEFT - 8.0,
            y + 4.0,
            bottom + 20.0,
        )?;
    }
    Ok(())
}

fn curve(svg: &mut String, axes: &Axes, class: &str, measured: &Measured) -> std::fmt::Result {
    write!(
        svg,
        "<path class=\"{class}\" d=\"M{:.1} {:.1}",
        axes.x(0.0),
        axes.y(0.0)
    )?;
    let mut answers = 0.0;
    for time in &measured.answered {
        answers += 1.0;
        write!(
            svg,
            "L{:.1} {:.1}",
            axes.x(time.as_secs_f64()),
            axes.y(answers)
        )?;
    }
    writeln!(svg, "\"/>")
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a few hundred"
)]
fn count(answered: &[Duration]) -> f64 {
    answered.len() as f64
}

/// Returns the next multiple of a step.
fn next(number: f64, step: f64) -> f64 {
    (number / step).ceil() * step
}
