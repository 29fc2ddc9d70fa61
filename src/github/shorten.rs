//! Truncates Markdown that GitHub would reject as too long. Renderers shorten more sensibly; this is the fallback.

/// The end of a folded section.
const UNFOLD: &str = "\n\n</details>";

/// Maximum number of nested folded sections that are closed.
const MAX_FOLDS: usize = 3;

/// Truncates to `max_bytes`, between blocks if possible, with `notice` as the last paragraph. The limit is in bytes
/// because GitHub documents characters, but some of its responses count bytes.
pub(super) fn shorten(markdown: &str, max_bytes: usize, notice: &str) -> String {
    if markdown.len() <= max_bytes {
        return markdown.to_owned();
    }
    let close = "\n```";
    let limit = max_bytes.saturating_sub(notice.len() + close.len() + MAX_FOLDS * UNFOLD.len() + 2);
    let kept = head(markdown, limit);
    let end = ["\n\n", "\n"]
        .into_iter()
        .filter_map(|boundary| kept.rfind(boundary))
        .find(|end| *end > limit / 2);
    let kept = head(kept, end.unwrap_or(kept.len()));
    let fences = kept
        .lines()
        .filter(|line| line.trim_start().starts_with("```"))
        .count();
    let close = if fences % 2 == 1 { close } else { "" };
    let unfold = UNFOLD.repeat(open_folds(kept));
    head(&format!("{kept}{close}{unfold}\n\n{notice}"), max_bytes).to_owned()
}

/// Counts the folded sections that are left open. Tags inside code count too, because a surplus closing tag is
/// invisible.
fn open_folds(kept: &str) -> usize {
    let opened = kept.matches("<details").count();
    opened
        .saturating_sub(kept.matches("</details>").count())
        .min(MAX_FOLDS)
}

/// Returns the first bytes, without splitting a character.
pub(super) fn head(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_fit_stay_and_others_get_a_notice() {
        assert_eq!(shorten("short", 5, "cut"), "short");
        let long = "First block.\n\n".to_owned() + &"Second block, longer. ".repeat(4);
        assert_eq!(shorten(&long, 66, "cut"), "First block.\n\ncut");
    }

    #[test]
    fn the_limit_holds_for_any_text() {
        for text in [
            "ä".repeat(100),
            "a\n".repeat(100),
            format!("```\n{}", "x".repeat(100)),
        ] {
            for max in 0..60 {
                assert!(shorten(&text, max, "(shortened)").len() <= max);
            }
        }
    }

    #[test]
    fn an_open_fold_is_closed() {
        let long = format!(
            "<details><summary>More</summary>\n\n{}</details>",
            "row\n\n".repeat(50)
        );
        let short = shorten(&long, 150, "cut");
        assert!(short.ends_with("row\n\n</details>\n\ncut"), "{short}");
    }

    #[test]
    fn an_open_fence_is_closed() {
        let long = format!("```text\n{}", "row\n".repeat(50));
        assert!(shorten(&long, 100, "cut").ends_with("row\n```\n\ncut"));
    }
}
