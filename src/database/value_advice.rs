//! Hints for columns whose values do not fit their field: the SQL to map instead.

use super::{
    statement::quoted,
    value::{UnreadableValue, ValueForm},
};
use crate::contract::Field;

/// Suggests another mapping for the field; `column` is the current one.
pub(super) fn hint(field: Field, column: Option<&str>, found: &UnreadableValue) -> String {
    let name = field.as_str();
    let column = |otherwise: &str| column.map_or_else(|| otherwise.to_owned(), in_sql);
    match found.form {
        ValueForm::Array | ValueForm::JsonList if field == Field::CustomerId => {
            "a list of customers must contain their ids as text: compute it with `customer_id: {sql: …}`"
                .to_owned()
        }
        ValueForm::Object if field == Field::CustomerId => {
            mapped(name, &format!("{}->>'id'", column("data")))
        }
        ValueForm::Array if is_boolean(field) => {
            mapped(name, &format!("'pro' = any({})", column("plans")))
        }
        ValueForm::Array => mapped(name, &format!("({})[1]", column("plans"))),
        ValueForm::JsonList if is_boolean(field) => {
            mapped(name, &format!("{}::jsonb ? 'pro'", column("plans")))
        }
        ValueForm::JsonList => mapped(name, &format!("{}->>0", column("plans"))),
        ValueForm::Object => mapped(name, &format!("{}->>'plan'", column("data"))),
        ValueForm::Composite => mapped(name, &format!("({}).plan", column("data"))),
        ValueForm::Bytes => mapped(name, &format!("encode({}, 'escape')", column("data"))),
        ValueForm::Scalar | ValueForm::Answer if is_boolean(field) => format!(
            "say which values mean true with `{name}: {{column: …, in: […]}}`, or compute it with `{name}: {{sql: …}}`"
        ),
        ValueForm::Scalar | ValueForm::Answer => format!("compute it with `{name}: {{sql: …}}`"),
    }
}

/// Returns YAML in one line, unless the SQL contains quotes.
fn mapped(name: &str, sql: &str) -> String {
    let start = "map a single value, for example";
    if sql.contains('"') {
        format!("{start} with `{sql}` under `{name}:` and `sql: |`")
    } else {
        format!("{start} `{name}: {{sql: \"{sql}\"}}`")
    }
}

/// Returns the name for SQL, quoted unless it is plain.
fn in_sql(column: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts_plain = column.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if starts_plain && column.chars().all(is_plain) {
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
    use super::{super::value::ValueKind, *};

    fn hint_for(field: Field, column: Option<&str>, form: ValueForm) -> String {
        let found = UnreadableValue {
            expected: ValueKind::Word,
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
                ValueForm::Array,
                r#"`has_paid_access: {sql: "'pro' = any(features)"}`"#,
            ),
            (
                Field::Plan,
                ValueForm::Array,
                r#"`plan: {sql: "(features)[1]"}`"#,
            ),
            (
                Field::Exempt,
                ValueForm::JsonList,
                r#"`exempt: {sql: "features::jsonb ? 'pro'"}`"#,
            ),
            (
                Field::Plan,
                ValueForm::JsonList,
                r#"`plan: {sql: "features->>0"}`"#,
            ),
            (
                Field::Plan,
                ValueForm::Object,
                r#"`plan: {sql: "features->>'plan'"}`"#,
            ),
            (
                Field::CustomerId,
                ValueForm::Object,
                r#"`customer_id: {sql: "features->>'id'"}`"#,
            ),
            (
                Field::Id,
                ValueForm::Composite,
                r#"`id: {sql: "(features).plan"}`"#,
            ),
            (
                Field::CustomerId,
                ValueForm::Bytes,
                r#"`customer_id: {sql: "encode(features, 'escape')"}`"#,
            ),
        ] {
            let hint = hint_for(field, Some("features"), form);
            assert!(hint.ends_with(expected), "{hint}");
        }
        let hint = hint_for(Field::Plan, Some("planData"), ValueForm::Object);
        assert!(
            hint.contains(r#"`"planData"->>'plan'` under `plan:`"#),
            "{hint}"
        );
    }
}
