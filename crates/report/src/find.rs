//! Finds names in a text. If several begin at the same position, the longest wins.

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextPart<'a> {
    Text(&'a str),
    /// The name at this index of the list.
    Name(usize),
}

/// Splits `text` at every occurrence of a name that `accepts`, given the name and the characters before and after it.
/// `names` must be sorted by [`longest_first`].
pub(super) fn pieces<'a, N: AsRef<str>>(
    text: &'a str,
    names: &[N],
    accepts: impl Fn(&str, Option<char>, Option<char>) -> bool,
) -> Vec<TextPart<'a>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some((before, tail)) = text.split_at_checked(at) {
        let Some(character) = tail.chars().next() else {
            break;
        };
        let matches = |name: &str| {
            !name.is_empty()
                && tail.strip_prefix(name).is_some_and(|after| {
                    accepts(name, before.chars().next_back(), after.chars().next())
                })
        };
        let found = names
            .iter()
            .enumerate()
            .find(|(_, name)| matches(name.as_ref()));
        if let Some((index, name)) = found {
            push_text(&mut pieces, text.get(start..at));
            pieces.push(TextPart::Name(index));
            at += name.as_ref().len();
            start = at;
        } else {
            at += character.len_utf8();
        }
    }
    push_text(&mut pieces, text.get(start..));
    pieces
}

/// Replaces every name in `text` by its replacement.
pub(super) fn replaced(
    text: &str,
    names: &[(String, String)],
    accepts: impl Fn(&str, Option<char>, Option<char>) -> bool,
) -> String {
    let from: Vec<_> = names.iter().map(|(name, _)| name).collect();
    pieces(text, &from, accepts)
        .into_iter()
        .filter_map(|piece| match piece {
            TextPart::Text(text) => Some(text),
            TextPart::Name(index) => names.get(index).map(|(_, to)| to.as_str()),
        })
        .collect()
}

/// Sorts names by length, longest first, and removes duplicates.
pub(super) fn longest_first<T: Ord>(names: &mut Vec<T>, name: impl Fn(&T) -> &str) {
    names.sort_by(|a, b| {
        let length = name(b).len().cmp(&name(a).len());
        length.then_with(|| a.cmp(b))
    });
    names.dedup();
}

fn push_text<'a>(pieces: &mut Vec<TextPart<'a>>, text: Option<&'a str>) {
    pieces.extend(text.filter(|text| !text.is_empty()).map(TextPart::Text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_is_replaced_first_and_only_once() {
        let mut names = vec![
            ("usr_1".to_owned(), "usr_12".to_owned()),
            ("usr_12".to_owned(), "B".to_owned()),
            ("é".to_owned(), "E".to_owned()),
        ];
        longest_first(&mut names, |(name, _)| name);
        assert_eq!(
            replaced("é usr_12, usr_1é", &names, |_, _, _| true),
            "E B, usr_12E"
        );
    }

    #[test]
    fn a_name_that_is_not_accepted_stays() {
        let pieces = pieces("77 7", &["7"], |_, before, after| {
            before != Some('7') && after != Some('7')
        });
        assert_eq!(pieces, [TextPart::Text("77 "), TextPart::Name(0)]);
    }
}
