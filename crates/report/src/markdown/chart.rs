//! A bar chart of the findings by rule, as a Mermaid block for GitHub comments.

use std::collections::BTreeSet;

use crate::{Outcome, count, neutral::markdown::fenced};

/// Minimum number of different values. With fewer, a chart shows no more than the table.
const MIN_VALUES: usize = 4;

/// Minimum number of findings of the longest bar. With fewer, the axis would show halves.
const MIN_LONGEST_BAR: u64 = 20;

/// Height of one bar, and of the axis, in pixels.
const BAR: usize = 34;
const AXIS: usize = 48;

/// Returns the chart, or `None` if the table is clearer.
pub(super) fn by_rule(outcome: &Outcome) -> Option<String> {
    let counts = count::by_rule(outcome);
    let max = counts.values().map(|count| count.all).max();
    let max = max.filter(|max| *max >= MIN_LONGEST_BAR)?;
    let values: BTreeSet<_> = counts.values().map(|count| count.all).collect();
    if values.len() < MIN_VALUES {
        return None;
    }
    let height = AXIS + counts.len() * BAR;
    let names = counts.keys().map(|(_, rule)| format!("\"{rule}\""));
    let names = names.collect::<Vec<_>>().join(", ");
    let numbers = counts.values().map(|count| count.all.to_string());
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    let lines = [
        "---".to_owned(),
        // The color is visible on light and dark backgrounds.
        format!(
            "config: {{ xyChart: {{ width: 640, height: {height} }}, themeVariables: {{ xyChart: {{ backgroundColor: \"transparent\", plotColorPalette: \"#d1495b\" }} }} }}"
        ),
        "---".to_owned(),
        "xychart-beta horizontal".to_owned(),
        format!("x-axis [{names}]"),
        format!("y-axis \"findings\" 0 --> {max}"),
        format!("bar [{numbers}]"),
    ];
    Some(fenced("mermaid", &lines))
}
