//! "Did you mean": finds the known word that is most similar to an unknown one.

/// Maximum length of a word that is compared with the known ones.
const MAX_LENGTH: usize = 64;

/// Returns the most similar candidate, if it is similar enough.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.is_empty() || word.len() > MAX_LENGTH {
        return None;
    }
    let normalized = |word: &str| word.trim().to_lowercase().replace('-', "_");
    let word = normalized(word);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &normalized(candidate));
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            *distance <= max_distance(candidate)
                || is_prefix_of_either(&word, &normalized(candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn max_distance(candidate: &str) -> usize {
    (candidate.len() / 3).clamp(1, 4)
}

/// Returns true if one of the words begins with the other, such as `secret` and `secret_env`, or `granted` and `grant`.
fn is_prefix_of_either(word: &str, candidate: &str) -> bool {
    word.len().min(candidate.len()) >= 4
        && (word.starts_with(candidate) || candidate.starts_with(word))
}

/// Returns help that names the most similar candidate, or else all of them.
pub(super) fn help(word: &str, candidates: &[&str], what: &str) -> String {
    nearest(word, candidates.iter().copied()).map_or_else(
        || format!("{what}: {}", listed(candidates)),
        |near| format!("did you mean `{near}`?"),
    )
}

/// Lists the words in backticks, separated by commas.
pub(super) fn listed(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_typing_errors_get_a_suggestion() {
        let known = [
            "stripe_customer_id",
            "plan",
            "plans",
            "id",
            "has_paid_access",
        ];
        assert_eq!(
            nearest("stripe_costumer_id", known),
            Some("stripe_customer_id")
        );
        assert_eq!(nearest("Has-Paid-Access", known), Some("has_paid_access"));
        assert_eq!(nearest("plams", known), Some("plans"));
        assert_eq!(nearest("has_paid", known), Some("has_paid_access"));
        assert_eq!(nearest("idea", known), None);
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"plan".repeat(1000), known), None);
    }
}
