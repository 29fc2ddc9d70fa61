//! Fills the placeholders of a preset with plans.

/// Placeholders in the files of presets.
const KEY: &str = "price_your_plan";
const WORD: &str = "your_plan";

/// A price or product, and the word that the rows hold for it. Either can be a placeholder, which `check` refuses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanPair {
    pub key: String,
    pub word: String,
}

/// Returns true for a key or word that a person has to replace.
pub fn is_placeholder(text: &str) -> bool {
    text == WORD || text.starts_with("price_your_")
}

impl PlanPair {
    pub fn new(key: &str, word: &str) -> Self {
        Self {
            key: key.to_owned(),
            word: word.to_owned(),
        }
    }

    /// Returns the plan of a price whose word is not known.
    pub(super) fn without_word(key: &str) -> Self {
        Self::new(key, WORD)
    }

    /// Returns the plan of a word whose price is not known.
    pub(super) fn without_key(word: &str) -> Self {
        let letters = word.chars().map(|letter| {
            let is_plain = letter.is_ascii_alphanumeric();
            if is_plain {
                letter.to_ascii_lowercase()
            } else {
                '_'
            }
        });
        let slug: String = letters.take(40).collect();
        Self::new(&format!("price_your_{slug}"), word)
    }

    pub fn is_placeholder(&self) -> bool {
        is_placeholder(&self.key) || is_placeholder(&self.word)
    }
}

/// Repeats each line with a placeholder for each plan, escaped for the quotes around it. Without plans, the placeholders
/// stay.
pub fn fill(text: &str, plans: &[PlanPair]) -> String {
    let mut filled = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if plans.is_empty() || !line.contains(WORD) {
            filled.push_str(line);
            continue;
        }
        for plan in plans {
            filled.push_str(&with_plan(line, plan));
        }
    }
    filled
}

/// Replaces both placeholders in one pass: a word may itself read like a placeholder.
fn with_plan(line: &str, plan: &PlanPair) -> String {
    let double = serde_json::Value::from(plan.word.as_str()).to_string();
    let single = format!("'{}'", plan.word.replace('\'', "''"));
    let forms = [
        ("\"your_plan\"", double.as_str()),
        ("'your_plan'", single.as_str()),
        (KEY, plan.key.as_str()),
    ];
    let mut filled = String::with_capacity(line.len());
    let mut rest = line;
    loop {
        let next = forms
            .iter()
            .filter_map(|(form, value)| Some((rest.find(form)?, form, value)));
        let Some((at, form, value)) = next.min_by_key(|(at, ..)| *at) else {
            filled.push_str(rest);
            return filled;
        };
        let (before, found) = rest.split_at(at);
        filled.push_str(before);
        filled.push_str(value);
        rest = found.strip_prefix(form).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_placeholder_is_repeated_for_each_plan() {
        let text = "a\n  price_your_plan: \"your_plan\"\nb\n";
        let plans = [PlanPair::new("price_a", "A"), PlanPair::new("price_b", "B")];
        assert_eq!(
            fill(text, &plans),
            "a\n  price_a: \"A\"\n  price_b: \"B\"\nb\n"
        );
        assert_eq!(fill(text, &[]), text);
    }

    #[test]
    fn words_are_escaped_for_their_quotes() {
        let plan = [PlanPair::new("price_a", "it's \"your_plan\"")];
        let sql = fill("when 'price_your_plan' then 'your_plan'", &plan);
        assert_eq!(sql, "when 'price_a' then 'it''s \"your_plan\"'");
        let yaml = fill("price_your_plan: \"your_plan\"", &plan);
        assert_eq!(yaml, "price_a: \"it's \\\"your_plan\\\"\"");
    }

    #[test]
    fn unknown_halves_of_a_plan_are_placeholders() {
        for (plan, key, word) in [
            (
                PlanPair::without_key("Pro plan"),
                "price_your_pro_plan",
                "Pro plan",
            ),
            (PlanPair::without_word("price_a"), "price_a", "your_plan"),
        ] {
            assert_eq!((plan.key.as_str(), plan.word.as_str()), (key, word));
            assert!(plan.is_placeholder());
        }
        assert!(!PlanPair::new("price_a", "pro").is_placeholder());
    }
}
