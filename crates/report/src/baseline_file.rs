//! Renders baseline entries as YAML that every parser reads in the same way.

use std::fmt::Write as _;

use super::neutral::is_hidden;

/// A finding to accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToAccept {
    pub fingerprint: String,
    pub rule: String,
    pub entity: String,
}

/// Renders an entry for each finding, to be appended to a file. `until` is a date such as `2026-12-31`.
pub fn baseline_entries(findings: &[ToAccept], reason: &str, until: &str) -> String {
    let reason = quoted(reason);
    let mut out = String::new();
    for finding in findings {
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "- fingerprint: {}\n  rule: {}\n  entity: {}\n  reason: {reason}\n  expires: {until}\n",
            quoted(&finding.fingerprint),
            quoted(&finding.rule),
            quoted(&finding.entity),
        );
    }
    out
}

/// Quotes a string and escapes characters that a terminal or GitHub's runner would interpret.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut before = ['\0'; 2];
    for character in text.chars() {
        let is_command = before == ['#', '#'] && character == '[';
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            _ if is_command || is_hidden(character) || character.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(character));
            }
            _ => out.push(character),
        }
        before = [before[1], character];
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_is_rendered_exactly() {
        let finding = ToAccept {
            fingerprint: "69149926077885fa".to_owned(),
            rule: "revenue-leak".to_owned(),
            entity: "user:usr_alice".to_owned(),
        };
        assert_eq!(
            baseline_entries(&[finding], "Alice pays by invoice: #12.", "2026-12-31"),
            "- fingerprint: \"69149926077885fa\"\n  \
               rule: \"revenue-leak\"\n  \
               entity: \"user:usr_alice\"\n  \
               reason: \"Alice pays by invoice: #12.\"\n  \
               expires: 2026-12-31\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_and_does_nothing_on_a_terminal_or_in_a_log(
            text in prop_oneof![crate::sample::hostile(), any::<String>()]
        ) {
            let written = quoted(&text);
            prop_assert!(!written.contains("##["));
            prop_assert!(!written.chars().any(|c| is_hidden(c) || c.is_control()));
            let read: Vec<String> = serde_yaml::from_str(&format!("- {written}\n")).unwrap();
            prop_assert_eq!(read, vec![text]);
        }
    }
}
