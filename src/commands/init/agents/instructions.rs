//! Instructions for coding agents: a rule for Cursor, a section of `AGENTS.md`, and one of `CLAUDE.md`.

use super::patterns::patterns;

pub(super) const CURSOR_RULE: &str = ".cursor/rules/prodverdict.mdc";
pub(super) const AGENTS: &str = "AGENTS.md";
pub(super) const CLAUDE: &str = "CLAUDE.md";

/// Markers around a section, so that it can be replaced.
const BEGIN: &str = "<!-- prodverdict: begin -->";
const END: &str = "<!-- prodverdict: end -->";

/// Steps before a pull request that touches billing code.
const STEPS: &str = "\
1. Call the tool `rehearse_webhooks`, or run `prodverdict rehearse`. It plays billing lifecycles against the webhook handler and names
   the line that breaks one.
2. Call the tool `check_access_contract`, or run `prodverdict check access`.
3. Fix the handler until both pass. Change `prodverdict.yml` only if the contract itself is wrong, and say so in the pull request.
4. Exit status 2 means that there is no verdict: report what is missing, and do not treat it as a pass.

Never weaken a rule, accept a finding or edit a row to make a check pass.
";

/// Returns a rule that applies when a file on these paths is touched.
pub(super) fn cursor_rule(paths: &[String]) -> String {
    format!(
        "---\n\
         description: Rehearse billing webhooks and check access before a pull request\n\
         globs: {}\n\
         alwaysApply: false\n\
         ---\n\n\
         This file is billing code. Before the pull request:\n\n{STEPS}",
        patterns(paths).collect::<Vec<_>>().join(",")
    )
}

/// Returns the section of `AGENTS.md`.
pub(super) fn section(paths: &[String]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
    format!(
        "## Billing code\n\n\
         Before a pull request that changes {}:\n\n{STEPS}",
        paths.join(", ")
    )
}

/// Returns the section of `CLAUDE.md`, which Claude Code reads instead of `AGENTS.md`.
pub(super) fn claude_section() -> String {
    "Before a pull request that changes billing code, follow \"Billing code\" in @AGENTS.md.\n"
        .to_owned()
}

/// Returns the text with the section: in the place of an earlier one, otherwise at the end.
pub(super) fn with_section(before: Option<&str>, section: &str) -> String {
    let marked = format!("{BEGIN}\n{section}{END}\n");
    let Some(before) = before.filter(|text| !text.trim().is_empty()) else {
        return marked;
    };
    let earlier = before.split_once(BEGIN).and_then(|(above, rest)| {
        let (_, below) = rest.split_once(END)?;
        Some((above, below.strip_prefix('\n').unwrap_or(below)))
    });
    match earlier {
        Some((above, below)) => format!("{above}{marked}{below}"),
        None => format!("{}\n\n{marked}", before.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_once_and_replaced_in_its_place() {
        let first = with_section(Some("# Ours\n"), "old\n");
        assert_eq!(first, format!("# Ours\n\n{BEGIN}\nold\n{END}\n"));
        let longer = format!("{first}\nBelow\n");
        let second = with_section(Some(&longer), "new\n");
        assert_eq!(second, format!("# Ours\n\n{BEGIN}\nnew\n{END}\n\nBelow\n"));
    }

    #[test]
    fn the_rule_applies_to_the_paths_of_the_stack() {
        let rule = cursor_rule(&["lib/stripe*".to_owned(), "app/**".to_owned()]);
        assert!(rule.starts_with("---\n"), "{rule}");
        assert!(
            rule.contains("\nglobs: lib/stripe*,lib/stripe*/**,app/**\n"),
            "{rule}"
        );
    }
}
