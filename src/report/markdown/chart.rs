//! A drawing of the findings by rule, which GitHub makes of a block of Mermaid in comments.

use crate::report::{Outcome, count, neutral::markdown::fenced};

/// With fewer rules the table says it better.
const FEWEST_RULES: usize = 3;

/// With fewer findings of each rule the table says it better, and the axis would count in halves.
const FEWEST_OF_ONE: u64 = 20;

/// The room of one bar, and of the axis, in pixels.
const BAR: usize = 34;
const AXIS: usize = 48;

/// The chart; none where it would not help.
pub(super) fn by_rule(outcome: &Outcome) -> Option<String> {
    let counts = count::by_rule(outcome);
    let most = counts.values().map(|count| count.all).max();
    let most = most.filter(|most| *most >= FEWEST_OF_ONE)?;
    if counts.len() < FEWEST_RULES {
        return None;
    }
    let height = AXIS + counts.len() * BAR;
    let names = counts.keys().map(|(_, rule)| format!("\"{rule}\""));
    let names = names.collect::<Vec<_>>().join(", ");
    let numbers = counts.values().map(|count| count.all.to_string());
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    let lines = [
        // One colour that is seen on light and on dark ground.
        "---".to_owned(),
        format!(
            "config: {{ xyChart: {{ width: 640, height: {height} }}, themeVariables: {{ xyChart: {{ backgroundColor: \"transparent\", plotColorPalette: \"#d1495b\" }} }} }}"
        ),
        "---".to_owned(),
        "xychart-beta horizontal".to_owned(),
        format!("x-axis [{names}]"),
        format!("y-axis \"findings\" 0 --> {most}"),
        format!("bar [{numbers}]"),
    ];
    Some(fenced("mermaid", &lines))
}
