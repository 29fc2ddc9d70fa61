//! Wording that messages of several modules share.

use std::fmt::Display;

/// Formats a count with its noun: `1 price`, `2 prices`.
pub fn counted(number: impl Copy + Display + PartialEq + From<u8>, noun: &str) -> String {
    let ending = if number == 1.into() { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Returns the text with a capital first letter.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_uppercase(), letters.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!(counted(0_u64, "price"), "0 prices");
        assert_eq!(counted(1_usize, "price"), "1 price");
        assert_eq!(counted(2_u32, "new event"), "2 new events");
    }

    #[test]
    fn the_first_letter_becomes_a_capital() {
        assert_eq!(capitalized("user"), "User");
        assert_eq!(capitalized("état"), "État");
        assert_eq!(capitalized(""), "");
    }
}
