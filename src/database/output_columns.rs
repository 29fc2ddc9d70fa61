//! Maps the output columns of `query` to fields. A misspelt one is an error, so that no check is skipped silently.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Field;

use super::{accounts_query::nearest, error::Error};

/// Common additions to a field's name: `stripe_subscription_id`, `current_period_end`, `plan_name`.
const BEGINNINGS: [&str; 7] = [
    "stripe_",
    "paddle_",
    "subscription_",
    "current_",
    "billing_",
    "is_",
    "user_",
];
const ENDINGS: [&str; 2] = ["_name", "_at"];

/// Returns the output columns to read, by field. Other columns are ignored (`select *` yields many), unless one
/// resembles an optional field that the query does not yield.
pub(super) fn by_field(
    names: &[String],
    required: [Field; 3],
    wants_plan: bool,
) -> Result<BTreeMap<Field, String>, Error> {
    let mut columns = BTreeMap::new();
    for name in names {
        let Some(field) = Field::parse(name) else {
            continue;
        };
        if let Some(other) = columns.insert(field, name.clone()) {
            return Err(Error::TwoOutputColumns {
                first: other,
                second: name.clone(),
            });
        }
    }
    let needed: BTreeSet<Field> = required
        .into_iter()
        .chain(wants_plan.then_some(Field::Plan))
        .collect();
    if let Some(missing) = needed.iter().find(|field| !columns.contains_key(field)) {
        return Err(Error::NoOutputColumn {
            field: *missing,
            found: names.to_vec(),
        });
    }
    for name in names {
        if let Some(field) = resembled(name)
            && !columns.contains_key(&field)
            && (field != Field::Plan || wants_plan)
        {
            return Err(Error::MisspeltOutputColumn {
                name: name.clone(),
                field,
            });
        }
    }
    if !wants_plan {
        columns.remove(&Field::Plan);
    }
    Ok(columns)
}

/// Returns the field that an unknown name resembles, as it is or without common additions.
fn resembled(name: &str) -> Option<Field> {
    if Field::parse(name).is_some() {
        return None;
    }
    let bare = BEGINNINGS
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let bare = ENDINGS
        .iter()
        .find_map(|ending| bare.strip_suffix(ending))
        .unwrap_or(bare);
    let fields = Field::ALL.iter().map(|field| field.as_str());
    let nearest = nearest(name, fields.clone()).or_else(|| nearest(bare, fields))?;
    Field::parse(&nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::MatchOn, database::account_rows::required};

    fn read(names: &[&str], wants_plan: bool) -> Result<Vec<Field>, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        by_field(&names, required(MatchOn::CustomerId), wants_plan)
            .map(|columns| columns.into_keys().collect())
            .map_err(|error| error.to_string())
    }

    const NEEDED: [&str; 3] = ["id", "stripe_customer_id", "has_paid_access"];

    #[test]
    fn canonical_columns_are_read_in_any_order() {
        let names = [
            "email",
            "has_paid_access",
            "id",
            "created_at",
            "customer_id",
            "state",
            "seats",
        ];
        assert_eq!(
            read(&names, false),
            Ok(vec![
                Field::Id,
                Field::CustomerId,
                Field::HasPaidAccess,
                Field::Seats
            ])
        );
    }

    #[test]
    fn a_plan_is_read_only_if_it_is_checked() {
        let names = [NEEDED.as_slice(), &["plan"]].concat();
        assert_eq!(read(&names, false).map(|fields| fields.len()), Ok(3));
        assert_eq!(read(&names, true).map(|fields| fields.len()), Ok(4));
        assert!(read(&NEEDED, true).unwrap_err().contains("`plan`"));
        assert!(read(&[NEEDED.as_slice(), &["plan_name"]].concat(), false).is_ok());
    }

    #[test]
    fn a_column_that_looks_like_an_unread_field_is_an_error() {
        for (name, field) in [
            ("seat", "seats"),
            ("Status", "status"),
            ("subscription_status", "status"),
            ("subscriptionId", "subscription_id"),
            ("stripe_subscription_id", "subscription_id"),
            ("current_period_end", "period_end"),
            ("cancelAtPeriodEnd", "cancel_at_period_end"),
            ("is_exempt", "exempt"),
        ] {
            let error = read(&[NEEDED.as_slice(), &[name]].concat(), false).unwrap_err();
            assert!(
                error.contains(&format!("`{name}`")) && error.contains(&format!("`{field}`")),
                "{error}"
            );
            let both = [NEEDED.as_slice(), &[name, field]].concat();
            assert!(read(&both, false).is_ok(), "{name} beside {field}");
        }
    }

    #[test]
    fn a_column_twice_or_missing_is_an_error() {
        for twice in ["id", "customer_id"] {
            let names = [NEEDED.as_slice(), &[twice]].concat();
            assert!(read(&names, false).is_err(), "{twice}");
        }
        let error = read(&["id", "customer_id", "paid"], false).unwrap_err();
        assert!(error.contains("has_paid_access"), "{error}");
    }
}
