//! Hints for columns whose values do not fit their field: the SQL to map instead.

use super::{
    statement::quoted,
    value::{Form, Meaningless},
};
use crate::contract::Field;

/// Suggests another mapping for the field; `column` is the current one.
pub(super) fn hint(field: Field, column: Option<&str>, found: &Meaningless) -> String {
    let name = field.as_str();
    let column = |otherwise: &str| column.map_or_else(|| otherwise.to_owned(), in_sql);
    match found.form {
        Form::Array | Form::JsonList if field == Field::CustomerId => {
            "a list of customers holds their ids as text: compute one with `customer_id: {sql: …}`"
                .to_owned()
        }
        Form::Array if is_boolean(field) => {
            mapped(name, &format!("'pro' = any({})", column("plans")))
        }
        Form::Array => mapped(name, &format!("({})[1]", column("plans"))),
        Form::JsonList if is_boolean(field) => {
            mapped(name, &format!("{}::jsonb ? 'pro'", column("plans")))
        }
        Form::JsonList => mapped(name, &format!("{}->>0", column("plans"))),
        Form::Object => mapped(name, &format!("{}->>'plan'", column("data"))),
        Form::Composite => mapped(name, &format!("({}).plan", column("data"))),
        Form::Bytes => mapped(name, &format!("encode({}, 'escape')", column("data"))),
        Form::Scalar | Form::Answer if is_boolean(field) => format!(
            "say which values mean true with `{name}: {{column: …, in: […]}}`, or compute it with `{name}: {{sql: …}}`"
        ),
        Form::Scalar | Form::Answer => format!("compute it with `{name}: {{sql: …}}`"),
    }
}

/// Returns YAML in one line, unless the SQL contains quotes.
fn mapped(name: &str, sql: &str) -> String {
    let start = "map the one value that is meant, for example";
    if sql.contains('"') {
        format!("{start} with `{sql}` under `{name}:` and `sql: |`")
    } else {
        format!("{start} `{name}: {{sql: \"{sql}\"}}`")
    }
}

/// Returns the name for SQL, quoted unless it is plain.
fn in_sql(column: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts_plain = column.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if starts_plain && column.chars().all(plain) {
        column.to_owned()
    } else {
        quoted(column)
    }
}

fn is_boolean(field: Field) -> bool {
    match field {
        Field::HasPaidAccess | Field::Exempt | Field::CancelAtPeriodEnd | Field::PaidElsewhere => {
            true
        }
        Field::Id
        | Field::CustomerId
        | Field::Plan
        | Field::Seats
        | Field::Status
        | Field::SubscriptionId
        | Field::PeriodEnd
        | Field::UpdatedAt
        | Field::PastDueSince => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::value::Expected, *};

    fn told(field: Field, column: Option<&str>, form: Form) -> String {
        let found = Meaningless {
            expected: Expected::Word,
            found: String::new(),
            form,
        };
        hint(field, column, &found)
    }

    #[test]
    fn the_sql_names_the_column_and_fits_its_type() {
        for (field, form, expected) in [
            (
                Field::HasPaidAccess,
                Form::Array,
                r#"`has_paid_access: {sql: "'pro' = any(features)"}`"#,
            ),
            (
                Field::Plan,
                Form::Array,
                r#"`plan: {sql: "(features)[1]"}`"#,
            ),
            (
                Field::Exempt,
                Form::JsonList,
                r#"`exempt: {sql: "features::jsonb ? 'pro'"}`"#,
            ),
            (
                Field::Plan,
                Form::JsonList,
                r#"`plan: {sql: "features->>0"}`"#,
            ),
            (
                Field::Plan,
                Form::Object,
                r#"`plan: {sql: "features->>'plan'"}`"#,
            ),
            (
                Field::Id,
                Form::Composite,
                r#"`id: {sql: "(features).plan"}`"#,
            ),
            (
                Field::CustomerId,
                Form::Bytes,
                r#"`customer_id: {sql: "encode(features, 'escape')"}`"#,
            ),
        ] {
            let hint = told(field, Some("features"), form);
            assert!(hint.ends_with(expected), "{hint}");
        }
        let hint = told(Field::Plan, Some("planData"), Form::Object);
        assert!(
            hint.contains(r#"`"planData"->>'plan'` under `plan:`"#),
            "{hint}"
        );
    }
}
