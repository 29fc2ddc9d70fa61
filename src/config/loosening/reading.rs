//! What is read: another source, another database or other accounts make two verdicts incomparable.

use std::collections::BTreeMap;

use super::{
    super::{AccessContract, AccountsQuery, Expression, collector::quote},
    ContractPlaces, Notes, goes,
    wording::{expression, optional, table},
};
use crate::contract::{Field, MatchOn, Source};

const OTHER_ACCOUNTS: &str = "reads other accounts than the base commit";

pub(super) fn compare(
    base: &AccessContract,
    head: &AccessContract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let (before, now) = (base.contract.source, head.contract.source);
    if before != now {
        let change = goes(
            "source_of_truth",
            &quote(before.as_str()),
            &quote(now.as_str()),
        );
        let effect = "asks another provider than the base commit";
        notes.note(effect, change, places.of_key("source_of_truth", None));
    } else if base.key_env != head.key_env {
        let (section, key) = match now {
            Source::Stripe => ("stripe", "secret_env"),
            Source::Paddle => ("paddle", "api_key_env"),
            Source::StripeEntitlements => ("entitlements", "secret_env"),
        };
        let change = goes(key, &quote(&base.key_env), &quote(&head.key_env));
        let effect = "asks the provider with another key than the base commit";
        notes.note(effect, change, places.of_key(section, None));
    }
    let (before, now) = (&base.database, &head.database);
    let mut words = vec![
        ("url_env", quote(&before.url_env), quote(&now.url_env)),
        (
            "match_on",
            quote(matching(before.match_on)),
            quote(matching(now.match_on)),
        ),
    ];
    if now.timezone != before.timezone {
        let change = goes("timezone", &quote(&before.timezone), &quote(&now.timezone));
        let effect = "reads times of the database differently than the base commit";
        notes.note(effect, change, places.of_key("timezone", None));
    }
    match (&before.accounts, &now.accounts) {
        (AccountsQuery::Query { sql: before }, AccountsQuery::Query { sql: now }) => {
            if before != now {
                let change = goes("query", &quote(before), &quote(now));
                notes.note(OTHER_ACCOUNTS, change, places.of_key("query", None));
            }
        }
        (
            AccountsQuery::Table {
                table: table_before,
                columns: columns_before,
                join: join_before,
                filter: filter_before,
            },
            AccountsQuery::Table {
                table: table_now,
                columns: columns_now,
                join: join_now,
                filter: filter_now,
            },
        ) => {
            if table_before != table_now {
                // `a.b` and `"a.b"` look alike.
                words.push(("users_table", table(table_before), table(table_now)));
            }
            for (key, before, now) in [
                ("join", join_before, join_now),
                ("where", filter_before, filter_now),
            ] {
                if before != now {
                    let change = goes(key, &optional(before.as_deref()), &optional(now.as_deref()));
                    notes.note(OTHER_ACCOUNTS, change, places.of_key(key, None));
                }
            }
            let keeps_plans = !head.contract.plans.is_empty();
            columns(columns_before, columns_now, keeps_plans, places, notes);
        }
        (AccountsQuery::Table { .. }, AccountsQuery::Query { .. }) => {
            let change = "`query` takes the place of `users_table`";
            notes.note(OTHER_ACCOUNTS, change, places.of_key("query", None));
        }
        (AccountsQuery::Query { .. }, AccountsQuery::Table { .. }) => {
            let change = "`users_table` takes the place of `query`";
            notes.note(OTHER_ACCOUNTS, change, places.of_key("users_table", None));
        }
    }
    for (key, before, now) in words {
        if before != now || key == "users_table" {
            let change = goes(key, &before, &now);
            notes.note(OTHER_ACCOUNTS, change, places.of_key(key, None));
        }
    }
}

fn matching(match_on: MatchOn) -> &'static str {
    match match_on {
        MatchOn::CustomerId => "customer_id",
        MatchOn::SubscriptionId => "subscription_id",
    }
}

fn columns(
    before: &BTreeMap<Field, Expression>,
    now: &BTreeMap<Field, Expression>,
    keeps_plans: bool,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    for field in Field::ALL {
        let (before, now) = (before.get(&field), now.get(&field));
        let is_told_as_plans = field == Field::Plan && !keeps_plans;
        // Nothing is judged by it.
        if before == now || field == Field::UpdatedAt || is_told_as_plans {
            continue;
        }
        let effect = match (field, before, now) {
            (Field::Exempt, _, Some(_)) => "lets a column say which accounts are not judged",
            (Field::Exempt, _, None) | (_, None, _) => continue,
            (_, Some(_), None) => "no longer reads a column that rules judge by",
            (_, Some(_), Some(_)) => "reads a column from elsewhere than the base commit",
        };
        let shown = |mapped: Option<&Expression>| mapped.map_or("none".to_owned(), expression);
        let change = goes(field.as_str(), &shown(before), &shown(now));
        let place = if now.is_some() {
            places.of_column(field)
        } else {
            places.of_key("columns", None)
        };
        notes.note(effect, change, place);
    }
}
