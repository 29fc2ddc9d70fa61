//! Workflow commands: log lines that GitHub's runner executes, with their contents escaped.

use super::{Annotation, AnnotationLevel, count};

/// Maximum length of a message. The runner truncates longer ones.
const MESSAGE_CHARACTERS: usize = 4096;

/// Maximum number of annotations per level. The runner shows ten for each step, and the tenth counts those that are
/// left out.
const MAX_PER_LEVEL: usize = 9;

/// Returns the command that shows `annotation`, as one line without a line break.
pub fn annotation(annotation: &Annotation) -> String {
    let mut properties = vec![
        format!("file={}", property(&annotation.path)),
        format!("line={}", annotation.start_line),
        format!("endLine={}", annotation.end_line),
    ];
    if let Some(column) = annotation.start_column {
        properties.push(format!("col={column}"));
    }
    if let Some(column) = annotation.end_column {
        properties.push(format!("endColumn={column}"));
    }
    properties.push(format!("title={}", property(&annotation.title)));
    let message: String = annotation
        .message
        .chars()
        .take(MESSAGE_CHARACTERS)
        .collect();
    format!(
        "::{} {}::{}",
        command(annotation.level),
        properties.join(","),
        data(&message)
    )
    // The runner also accepts the older form `##[`, anywhere in a line.
    .replace("##[", "#\u{200B}#[")
}

/// Returns the commands for as many annotations of each level as the runner shows. If a level has more, a further
/// command counts them; `rest` is the part of its text that says where to find them.
pub fn annotations(annotations: &[Annotation], rest: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for level in [
        AnnotationLevel::Failure,
        AnnotationLevel::Warning,
        AnnotationLevel::Notice,
    ] {
        let with_level: Vec<_> = annotations
            .iter()
            .filter(|annotation| annotation.level == level)
            .collect();
        commands.extend(
            with_level
                .iter()
                .take(MAX_PER_LEVEL)
                .map(|shown| annotation(shown)),
        );
        let more = with_level.len().saturating_sub(MAX_PER_LEVEL);
        if more > 0 {
            let more = count::grouped(count::length(more));
            let text = data(&format!("{more} more: {rest}"));
            commands.push(format!("::{}::{text}", command(level)));
        }
    }
    commands
}

/// Returns the command that masks `value` in the log, or `None` for a blank value, which the runner rejects.
pub fn add_mask(value: &str) -> Option<String> {
    (!value.trim().is_empty()).then(|| format!("::add-mask::{}", data(value)))
}

fn command(level: AnnotationLevel) -> &'static str {
    match level {
        AnnotationLevel::Failure => "error",
        AnnotationLevel::Warning => "warning",
        AnnotationLevel::Notice => "notice",
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use crate::{annotations as annotations_of, sample};

    use super::*;

    #[test]
    fn the_known_case_is_one_command() {
        let annotations = annotations_of(&sample::failing(), "prodverdict.yml");
        insta::assert_snapshot!(annotation(&annotations[0]));
    }

    #[test]
    fn a_level_shows_nine_and_counts_the_others() {
        let first = annotations_of(&sample::failing(), "a.yml").remove(0);
        let notice = Annotation {
            level: AnnotationLevel::Notice,
            ..first.clone()
        };
        let exactly: Vec<_> = std::iter::repeat_n(first.clone(), 9).collect();
        assert_eq!(annotations(&exactly, "").len(), 9);

        let mut many: Vec<_> = std::iter::repeat_n(notice, 1).collect();
        many.extend(std::iter::repeat_n(first, 1_243));
        let commands = annotations(&many, "see the job summary");
        assert_eq!(commands.len(), 11);
        assert_eq!(commands[9], "::error::1,234 more: see the job summary");
        assert!(commands[10].starts_with("::notice file="));
    }

    #[test]
    fn a_mask_is_one_line_and_a_blank_one_is_not_a_command() {
        assert_eq!(add_mask("a%\nb").as_deref(), Some("::add-mask::a%25%0Ab"));
        assert_eq!(add_mask(" \n"), None);
    }

    /// Parses a line like the runner (`ActionCommand.TryParseV2`): command, properties, data.
    fn obeyed(line: &str) -> (String, Vec<(String, String)>, String) {
        let decoded = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
        let line = line.trim_start().strip_prefix("::").unwrap();
        let (head, data) = line.split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap_or((head, ""));
        let properties = properties.split(',').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let value = decoded(value).replace("%3A", ":").replace("%2C", ",");
            Some((name.to_owned(), value.replace("%25", "%")))
        });
        (
            command.to_owned(),
            properties.collect(),
            decoded(data).replace("%25", "%"),
        )
    }

    proptest! {
        #[test]
        fn the_runner_reads_back_any_text_unchanged(
            path in r"([:,%=\r\n]|%0A|::|.){0,30}",
            title in r"([:,%=\r\n]|%25|::|.){0,30}",
            message in r"([:,%=\r\n]|%0D|::|##\[|.){0,60}",
        ) {
            let meant = Annotation {
                path, title, message,
                ..annotations_of(&sample::failing(), "").remove(0)
            };
            let line = annotation(&meant);
            prop_assert!(!line.contains(['\r', '\n']));
            prop_assert!(!line.contains("##["));
            let (command, properties, data) = obeyed(&line);
            let harmless = |text: &str| text.replace("##[", "#\u{200B}#[");
            prop_assert_eq!(command, "error");
            prop_assert_eq!(&properties[0], &("file".to_owned(), harmless(&meant.path)));
            prop_assert_eq!(&properties[3], &("title".to_owned(), harmless(&meant.title)));
            prop_assert_eq!(properties.len(), 4);
            prop_assert_eq!(data, harmless(&meant.message));
        }

        #[test]
        fn a_mask_is_read_back(value in r"([%\r\n]|.){1,40}") {
            if let Some(line) = add_mask(&value) {
                prop_assert!(!line.contains(['\r', '\n']));
                prop_assert_eq!(obeyed(&line), ("add-mask".to_owned(), vec![], value));
            }
        }
    }

    #[test]
    fn a_message_is_truncated_like_the_runner_does() {
        let mut long = annotations_of(&sample::failing(), "").remove(0);
        long.message = "é".repeat(5000);
        let (.., data) = obeyed(&annotation(&long));
        assert_eq!(data.chars().count(), MESSAGE_CHARACTERS);
    }
}
