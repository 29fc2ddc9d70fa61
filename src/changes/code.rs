//! Recognizes lines of code that do something: not comments, log statements or imports.

/// Maximum length in bytes. Longer lines are assumed to be generated.
const MAX_BYTES: usize = 500;

const COMMENTS: &[&str] = &[
    "//", "/*", "* ", "*/", "<!--", "--", "{/*", "\"\"\"", "'''", "=begin", "rem ",
];

const LOGS: &[&str] = &[
    "console.",
    "debug!(",
    "error!(",
    "fmt.fprint",
    "fmt.print",
    "info!(",
    "log.",
    "logger.",
    "logging.",
    "print(",
    "println!(",
    "puts ",
    "rails.logger",
    "sentry.",
    "system.out.",
    "tracing:",
    "warn!(",
];

/// Returns true if a line can change behavior. Comments, log statements and imports change nothing by themselves.
pub(super) fn is_code(line: &str) -> bool {
    let text = line.trim();
    !text.is_empty()
        && text.len() <= MAX_BYTES
        && !is_comment(text)
        && !is_log(text)
        && !is_import(text)
}

fn is_comment(text: &str) -> bool {
    let begins = |marks: &&str| {
        text.get(..marks.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(marks))
    };
    // `#[derive]` is Rust, and `#{x}` a value in a text of Ruby.
    let is_hash = text
        .strip_prefix('#')
        .is_some_and(|rest| !rest.starts_with(['[', '{']));
    is_hash || text == "*" || COMMENTS.iter().any(begins)
}

fn is_log(text: &str) -> bool {
    let text = text.to_lowercase();
    let text = ["await ", "this.", "self.", "@", "_"]
        .iter()
        .fold(text.as_str(), |text, prefix| {
            text.strip_prefix(prefix).unwrap_or(text)
        });
    LOGS.iter().any(|log| text.starts_with(log))
}

fn is_import(text: &str) -> bool {
    text.starts_with("import ")
        || text.starts_with("require ")
        || text.starts_with("require_relative ")
        || text.starts_with("using ")
        || text.starts_with("} from ")
        || (text.starts_with("from ") && text.contains(" import "))
        || (text.starts_with("use ") && text.contains("::"))
        || (text.starts_with("export ") && text.contains(" from "))
        || text.contains("= require(")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_logs_and_imports_are_not_code() {
        for line in [
            "  // has_paid_access follows the subscription",
            " * @param plan the plan",
            "# plan is copied",
            "-- users.plan",
            "<!-- plan -->",
            "{/* plan */}",
            "console.log('has_paid_access', user)",
            "  this.logger.info(`plan ${plan}`)",
            "Rails.logger.info(\"plan\")",
            "import { hasPaidAccess } from './access'",
            "from billing import has_paid_access",
            "const { plan } = require('./plan')",
            "   ",
        ] {
            assert!(!is_code(line), "{line}");
        }
        let minified = "a".repeat(501);
        assert!(!is_code(&minified));
    }

    #[test]
    fn statements_are_code() {
        for line in [
            "user.has_paid_access = true",
            "#[serde(rename = \"plan\")]",
            "*user.plan = plan",
            "logins.plan = 1",
            "plan: 'pro', // the default",
            "importPlan('pro')",
        ] {
            assert!(is_code(line), "{line}");
        }
    }
}
