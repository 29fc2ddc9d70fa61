//! Rewrites the names in a preset's SQL and columns to those that exist.

use super::TableRenaming;

/// Names of output columns of a query, which the contract reads and which therefore must stay.
const OUTPUT: [&str; 13] = [
    "id",
    "customer_id",
    "has_paid_access",
    "plan",
    "exempt",
    "seats",
    "status",
    "subscription_id",
    "period_end",
    "cancel_at_period_end",
    "updated_at",
    "paid_elsewhere",
    "past_due_since",
];

/// Reason why names cannot be replaced without reading the SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenamingError {
    #[error("`{0}` is the name of a column in several tables, which are spelled differently here")]
    Ambiguous(String),
    #[error("`{from}`, here `{to}`, is also the name of a column that the query returns")]
    Output { from: String, to: String },
}

/// Names to replace, as written without quotes.
struct Names<'r> {
    renamings: &'r [TableRenaming],
}

impl Names<'_> {
    /// Returns the new name of a table or column; `None` if it stays.
    fn replaced(&self, name: &str) -> Result<Option<&str>, RenamingError> {
        let columns = self.renamings.iter().flat_map(|table| &table.columns);
        let mut new_names = columns
            .filter(|(from, _)| from == name)
            .map(|(_, to)| to.as_str());
        if let Some(first) = new_names.next() {
            if new_names.any(|other| other != first) {
                return Err(RenamingError::Ambiguous(name.to_owned()));
            }
            return Ok(Some(first));
        }
        let table = self
            .renamings
            .iter()
            .find(|table| table.from == name && table.to != name);
        Ok(table.map(|table| table.to.as_str()))
    }
}

/// Returns the SQL with the names replaced. Strings, comments and aliases stay.
pub fn renamed_sql(sql: &str, renamings: &[TableRenaming]) -> Result<String, RenamingError> {
    renamed(sql, &Names { renamings }, false)
}

/// Replaces the names. The columns that a query of the contract returns must keep theirs.
fn renamed(sql: &str, names: &Names<'_>, returns_columns: bool) -> Result<String, RenamingError> {
    let mut out = String::with_capacity(sql.len());
    let mut before = String::new();
    for token in tokens(sql) {
        let name = match token.chars().next() {
            Some('"') => Some(token.trim_matches('"')),
            Some(first) if first.is_alphabetic() || first == '_' => Some(token),
            _ => None,
        };
        let new = match name {
            // `{name}` is a placeholder of a rehearsal.
            Some(name) if before != "as" && before != "{" => names.replaced(name)?,
            _ => None,
        };
        match new {
            Some(new) if returns_columns && OUTPUT.contains(&token) => {
                return Err(RenamingError::Output {
                    from: token.to_owned(),
                    to: new.to_owned(),
                });
            }
            Some(new) => out.push_str(&sql_name(new)),
            None => out.push_str(token),
        }
        if !token.trim().is_empty() {
            before = token.to_lowercase();
        }
    }
    Ok(out)
}

/// Returns the contract with the names replaced: in its SQL, and in the keys that name the table and columns.
pub fn renamed_contract(text: &str, renamings: &[TableRenaming]) -> Result<String, RenamingError> {
    let names = Names { renamings };
    let mut out = String::with_capacity(text.len());
    let mut sql_deeper_than = None;
    let mut columns_deeper_than = None;
    let mut is_query = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let depth = line.len() - content.len();
        let is_inside = |limit: Option<usize>| limit.is_some_and(|limit| depth > limit);
        if !content.is_empty() && !is_inside(sql_deeper_than) {
            sql_deeper_than = None;
        }
        if !content.is_empty() && !is_inside(columns_deeper_than) {
            columns_deeper_than = None;
        }
        if content.is_empty() || content.starts_with('#') {
            out.push_str(line);
        } else if sql_deeper_than.is_some() {
            out.push_str(&renamed(line, &names, is_query)?);
        } else if content.starts_with("sql: |") || content.starts_with("query: |") {
            sql_deeper_than = Some(depth);
            is_query = content.starts_with("query");
            out.push_str(line);
        } else if content.starts_with("columns:") {
            columns_deeper_than = Some(depth);
            out.push_str(line);
        } else if columns_deeper_than.is_some() || content.starts_with("users_table:") {
            out.push_str(&renamed_value(line, &names)?);
        } else {
            out.push_str(line);
        }
    }
    Ok(out)
}

/// Returns the section of a rehearsal with the names replaced in the statements that create an account.
pub fn renamed_rehearsal(
    section: &str,
    renamings: &[TableRenaming],
) -> Result<String, RenamingError> {
    let names = Names { renamings };
    let lines = statement_lines(section).map(|(line, is_sql)| {
        if is_sql {
            renamed(line, &names, false)
        } else {
            Ok(line.to_owned())
        }
    });
    lines.collect()
}

/// Splits the section of a rehearsal into lines; true for those with statements that create an account.
pub(super) fn statement_lines(section: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut deeper_than = None;
    section.split_inclusive('\n').map(move |line| {
        let content = line.trim_start();
        let depth = line.len() - content.len();
        if content.starts_with("account:") {
            deeper_than = Some(depth);
            return (line, false);
        }
        let is_inside = deeper_than.is_some_and(|limit| depth > limit);
        if !content.is_empty() && !is_inside {
            deeper_than = None;
        }
        (line, is_inside && !content.starts_with('#'))
    })
}

/// Replaces the name in `key: name` or `key: { column: name, … }`.
fn renamed_value(line: &str, names: &Names<'_>) -> Result<String, RenamingError> {
    let marker = if line.contains("column: ") {
        "column: "
    } else {
        ": "
    };
    let Some((key, value)) = line.split_once(marker) else {
        return Ok(line.to_owned());
    };
    let end = value.find([',', ' ', '\n', '}']).unwrap_or(value.len());
    let (name, rest) = value.split_at(end);
    Ok(match names.replaced(name)? {
        Some(new) => format!("{key}{marker}{}{rest}", yaml_name(new)),
        None => line.to_owned(),
    })
}

/// Writes a name as SQL does: quoted unless it is plain and in lower case.
fn sql_name(name: &str) -> String {
    const RESERVED: [&str; 12] = [
        "user",
        "group",
        "order",
        "default",
        "table",
        "select",
        "check",
        "primary",
        "references",
        "end",
        "limit",
        "from",
    ];
    let is_lower = !name.chars().any(|letter| letter.is_ascii_uppercase());
    if is_plain(name) && is_lower && !RESERVED.contains(&name) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes a name as a YAML scalar.
pub(crate) fn yaml_name(name: &str) -> String {
    const RESERVED: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    if is_plain(name) && !RESERVED.contains(&name.to_lowercase().as_str()) {
        return name.to_owned();
    }
    serde_json::Value::from(name).to_string()
}

fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Splits SQL into words, quoted names, strings, comments, and single other characters.
pub(super) fn tokens(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = match first {
            '\'' | '"' => rest
                .char_indices()
                .skip(1)
                .find(|(_, letter)| *letter == first)
                .map_or(rest.len(), |(at, _)| at + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            first if is_word(first) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        found.push(token);
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renaming(from: &str, to: &str, columns: &[(&str, &str)]) -> TableRenaming {
        let owned = |(from, to): &(&str, &str)| ((*from).to_owned(), (*to).to_owned());
        TableRenaming {
            from: from.to_owned(),
            to: to.to_owned(),
            columns: columns.iter().map(owned).collect(),
        }
    }

    #[test]
    fn quoted_names_are_replaced_and_aliases_stay() {
        let names = [
            renaming(
                "user",
                "users",
                &[("stripeCustomerId", "stripe_customer_id")],
            ),
            renaming(
                "subscription",
                "subscriptions",
                &[("periodEnd", "period_end")],
            ),
        ];
        let sql = "select u.\"stripeCustomerId\" as customer_id, s.\"periodEnd\" as period_end -- \"user\"\n\
                   from \"user\" u join subscription s on s.x = 'subscription'";
        let expected = "select u.stripe_customer_id as customer_id, s.period_end as period_end -- \"user\"\n\
                        from users u join subscriptions s on s.x = 'subscription'";
        assert_eq!(renamed_sql(sql, &names), Ok(expected.to_owned()));
    }

    #[test]
    fn names_in_columns_and_expressions_are_replaced() {
        let names = [renaming(
            "users",
            "User",
            &[
                ("stripe_customer_id", "stripeCustomerId"),
                ("status", "subscriptionStatus"),
            ],
        )];
        let contract = "    name: users\n      users_table: users\n      columns:\n        customer_id: stripe_customer_id # why\n        \
                        has_paid_access: { column: status, in: [active] }\n        plan:\n          sql: |\n            \
                        coalesce(stripe_customer_id, 'status')\n    plans:\n";
        let expected = "    name: users\n      users_table: User\n      columns:\n        customer_id: stripeCustomerId # why\n        \
                        has_paid_access: { column: subscriptionStatus, in: [active] }\n        plan:\n          sql: |\n            \
                        coalesce(\"stripeCustomerId\", 'status')\n    plans:\n";
        assert_eq!(renamed_contract(contract, &names), Ok(expected.to_owned()));
    }

    #[test]
    fn a_rehearsal_keeps_its_placeholders() {
        let names = [renaming("users", "User", &[("account_id", "accountId")])];
        let section = "  account:\n    # users' rows\n    sql: insert into users (account_id) values ({account_id})\n  checkout: { metadata: { account_id: \"{account_id}\" } }\n";
        let expected = "  account:\n    # users' rows\n    sql: insert into \"User\" (\"accountId\") values ({account_id})\n  checkout: { metadata: { account_id: \"{account_id}\" } }\n";
        assert_eq!(renamed_rehearsal(section, &names), Ok(expected.to_owned()));
    }

    #[test]
    fn a_name_with_two_meanings_is_not_replaced() {
        let names = [
            renaming("a", "a", &[("x", "y")]),
            renaming("b", "b", &[("x", "z")]),
        ];
        let error = renamed_sql("select x from a", &names);
        assert_eq!(error, Err(RenamingError::Ambiguous("x".to_owned())));
        let names = [renaming("a", "a", &[("plan", "tier")])];
        assert_eq!(
            renamed_sql("a.plan as x", &names).as_deref(),
            Ok("a.tier as x")
        );
        let error = renamed_contract("query: |\n  select s.plan from a s", &names);
        let expected = RenamingError::Output {
            from: "plan".to_owned(),
            to: "tier".to_owned(),
        };
        assert_eq!(error, Err(expected));
    }

    #[test]
    fn hostile_names_are_quoted() {
        assert_eq!(sql_name("a\"; drop table x"), "\"a\"\"; drop table x\"");
        assert_eq!(yaml_name("a: {b"), "\"a: {b\"");
        assert_eq!(sql_name("User"), "\"User\"");
        assert_eq!(yaml_name("User"), "User");
    }
}
