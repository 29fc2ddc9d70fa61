//! The columns that refer to an account, in which even a short id identifies it, as SQL conditions and trigger
//! arguments.

/// SQL condition for values that identify an owner in any column: neither a number nor a short word.
const TELLS_ITSELF: &str = "length(c.value) >= 8 and c.value ~ '[^0-9]'";

/// Columns of a table that refer to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnerColumns {
    /// The tables that hold accounts are unknown.
    Any,
    Columns(Vec<String>),
}

impl OwnerColumns {
    /// Returns the SQL condition under which a column `c` of `jsonb_each_text` may name an account.
    pub(super) fn condition(&self) -> String {
        match self {
            Self::Any => "true".to_owned(),
            Self::Columns(columns) => {
                format!("({TELLS_ITSELF} or c.key = any({}))", array(columns))
            }
        }
    }

    /// Returns the columns as a trigger's argument, a JSON list; `null` for any column.
    pub(super) fn as_argument(&self) -> String {
        match self {
            Self::Any => literal("null"),
            Self::Columns(columns) => list_argument(columns),
        }
    }
}

/// Returns columns as a trigger's argument, a JSON list.
pub(super) fn list_argument(columns: &[String]) -> String {
    literal(&serde_json::json!(columns).to_string())
}

/// Returns columns as an SQL array.
pub(super) fn array(columns: &[String]) -> String {
    let columns: Vec<_> = columns.iter().map(|name| literal(name)).collect();
    format!("array[{}]::text[]", columns.join(", "))
}

/// Quotes a text as an SQL literal; backslashes need no escape.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_with_a_quote_is_a_literal_all_the_same() {
        let columns = OwnerColumns::Columns(vec!["it's".to_owned()]);
        assert!(
            columns
                .condition()
                .ends_with("any(array['it''s']::text[]))")
        );
        assert_eq!(OwnerColumns::Any.condition(), "true");
    }
}
