//! "Did you mean": the known word that an unknown one is nearest to.

/// Longer words are no slips of the finger.
const LONGEST: usize = 64;

/// The nearest candidate, if it is near enough to be meant.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let plain = |word: &str| word.trim().to_lowercase().replace('-', "_");
    let word = plain(word);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &plain(candidate));
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            *distance <= allowed(candidate) || begins_like(&word, &plain(candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn allowed(candidate: &str) -> usize {
    (candidate.len() / 3).clamp(1, 4)
}

/// `secret` for `secret_env`, `granted` for `grant`.
fn begins_like(word: &str, candidate: &str) -> bool {
    word.len().min(candidate.len()) >= 4
        && (word.starts_with(candidate) || candidate.starts_with(word))
}

/// The help that names the nearest candidate, or else all of them.
pub(super) fn help(word: &str, candidates: &[&str], what: &str) -> String {
    nearest(word, candidates.iter().copied()).map_or_else(
        || format!("{what}: {}", listed(candidates)),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The words between backticks, separated by commas.
pub(super) fn listed(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
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
