//! Parses table names as people write them: `users`, `billing.accounts`, `"User"`, `"a ""b"""."c.d"`.

use super::super::TableName;

/// Parses a table name; the error describes what is wrong with it.
pub(super) fn parse(text: &str) -> Result<TableName, &'static str> {
    let (first, rest) = part(text)?;
    let Some(rest) = rest else {
        return Ok(TableName {
            schema: None,
            name: first,
        });
    };
    match part(rest)? {
        (name, None) => Ok(TableName {
            schema: Some(first),
            name,
        }),
        (_, Some(_)) => Err("it has more than two parts"),
    }
}

/// Returns the first part of a name, and the text after its dot.
fn part(text: &str) -> Result<(String, Option<&str>), &'static str> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted_part(quoted),
        None => match text.split_once('.') {
            Some((name, rest)) => Ok((unquoted(name)?, Some(rest))),
            None => Ok((unquoted(text)?, None)),
        },
    }
}

fn quoted_part(text: &str) -> Result<(String, Option<&str>), &'static str> {
    let mut name = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next() {
            None => return Err("a double quote is not closed"),
            Some('"') if characters.as_str().starts_with('"') => {
                characters.next();
                name.push('"');
            }
            Some('"') => break,
            Some(character) => name.push(character),
        }
    }
    let rest = characters.as_str();
    if name.is_empty() {
        return Err("a part of it is empty");
    }
    match rest.strip_prefix('.') {
        Some(rest) => Ok((name, Some(rest))),
        None if rest.is_empty() => Ok((name, None)),
        None => Err("text follows the closing quote"),
    }
}

/// Checks an unquoted name: it must not look like SQL. Spaces inside are harmless, because names are quoted later.
fn unquoted(name: &str) -> Result<String, &'static str> {
    if name.is_empty() {
        return Err("a part of it is empty");
    }
    let allowed = |character: char| character.is_alphanumeric() || "_$- ".contains(character);
    if name.trim() != name || !name.chars().all(allowed) || name.contains("--") {
        return Err("it contains characters that need double quotes");
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_names_are_split_into_parts() {
        for (text, schema, name) in [
            ("users", None, "users"),
            ("Users", None, "Users"),
            ("billing.accounts", Some("billing"), "accounts"),
            ("\"User\"", None, "User"),
            ("Quoted Name", None, "Quoted Name"),
            ("\"a\"\"b\".\"c.d\"", Some("a\"b"), "c.d"),
            ("app.\"Team Billing\"", Some("app"), "Team Billing"),
            ("\"app\".team", Some("app"), "team"),
            ("benützer", None, "benützer"),
        ] {
            let expected = TableName {
                schema: schema.map(str::to_owned),
                name: name.to_owned(),
            };
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_invalid_name_is_refused() {
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a.b.c",
            "\"a",
            "\"\"",
            "\"a\"b",
            "a;b",
            "users; drop table users",
            "a\"b",
            "(select 1)",
            " users",
            "users --",
            "a'b",
            "a.\"b\".c",
            "a,b",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
