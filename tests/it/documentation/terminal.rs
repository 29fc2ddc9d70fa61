//! The picture of the tour: a terminal with the program's output, drawn as SVG.

use std::fmt::Write as _;

use crate::prodverdict;

const CONFIG: &str = "examples/nextjs-stripe/prodverdict.yml";
const SCENARIOS: &str = "examples/nextjs-stripe/scenarios";
const LINE_HEIGHT: usize = 20;
const MARGIN: usize = 20;
const WIDTH: usize = 820;

pub(super) fn picture() -> String {
    let mut lines = Vec::new();
    for (scenario, status) in [("fail-revenue-leak", 1), ("pass", 0)] {
        let folder = format!("{SCENARIOS}/{scenario}");
        let arguments =
            format!("check access --config {CONFIG} --fixtures --fixtures-dir {folder}");
        let ran = prodverdict(&arguments).run().with_status(status);
        lines.push(format!("$ prodverdict check access --config {CONFIG} \\"));
        lines.push(format!("    --fixtures --fixtures-dir {folder}"));
        lines.extend(ran.stdout.lines().map(str::to_owned));
        lines.push(String::new());
    }
    lines.pop();
    drawn(&lines)
}

fn drawn(lines: &[String]) -> String {
    let height = lines.len() * LINE_HEIGHT + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\"><title>A terminal</title>\
         <style>text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d1d7e0;white-space:pre}}\
         .command{{fill:#f0f6fc;font-weight:600}}.bad{{fill:#ff7b72}}.good{{fill:#7ee787}}</style>\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"#151b23\"/>\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let y = MARGIN + number * LINE_HEIGHT + 14;
        let class = class_of(line);
        let text = line.replace('&', "&amp;").replace('<', "&lt;");
        writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"{y}\" class=\"{class}\" xml:space=\"preserve\">{text}</text>"
        )
        .expect("memory");
    }
    svg.push_str("</svg>\n");
    svg
}

fn class_of(line: &str) -> &'static str {
    if line.starts_with("$ ") || line.starts_with("    --") {
        "command"
    } else if line.starts_with("[HIGH]") || line == "VERDICT: FAIL" {
        "bad"
    } else if line.starts_with("fix:") || line == "VERDICT: PASS" {
        "good"
    } else {
        "plain"
    }
}
