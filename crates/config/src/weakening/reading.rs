//! Finds changes of the data that is read: another source, another database or other accounts.

use std::collections::BTreeMap;

use super::{
    super::{AccessContract, AccountsQuery, DatabaseSettings, Expression, diagnostics::quote},
    ContractPlaces, Notes, describe_change,
    wording::{expression, quote_or_none},
};
use contract::{Contract, Field, Source};

pub(super) const OTHER_ACCOUNTS: &str = "reads different accounts than the base commit";

pub(super) fn compare(
    base: &AccessContract,
    head: &AccessContract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    compare_providers(base, head, places, notes);
    // `..` is not used: a new setting may change what is read.
    let DatabaseSettings {
        url_env: _, // See `single_values`, as for `match_on` and `timezone`.
        accounts: now,
        email: _, // A check does not read it.
        match_on: _,
        statement_timeout: _, // A read that is cut short has no verdict.
        timezone: _,
    } = &head.database;
    compare_accounts(&base.database.accounts, now, &head.contract, places, notes);
}

fn compare_providers(
    base: &AccessContract,
    head: &AccessContract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let (before, now) = (base.contract.source, head.contract.source);
    if before != now {
        let change = describe_change(
            "source_of_truth",
            &quote(before.as_str()),
            &quote(now.as_str()),
        );
        let effect = "reads a different provider than the base commit";
        notes.note(effect, change, places.of_key("source_of_truth", None));
    } else if base.key_env != head.key_env {
        let (section, key) = match now {
            Source::Stripe => ("stripe", "secret_env"),
            Source::Paddle => ("paddle", "api_key_env"),
            Source::StripeEntitlements => ("entitlements", "secret_env"),
        };
        let change = describe_change(key, &quote(&base.key_env), &quote(&head.key_env));
        let effect = "reads the provider with a different key than the base commit";
        notes.note(effect, change, places.of_key(section, None));
    }
}

fn compare_accounts(
    before: &AccountsQuery,
    now: &AccountsQuery,
    judged_by: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let mut other = |key: &str, change: String| {
        let place = places.of_key(&format!("database.{key}"), None);
        notes.note(OTHER_ACCOUNTS, change, place);
    };
    match (before, now) {
        (AccountsQuery::Query { sql: before }, AccountsQuery::Query { sql: now }) => {
            if before != now {
                other(
                    "query",
                    describe_change("query", &quote(before), &quote(now)),
                );
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
                let change = describe_change(
                    "users_table",
                    &quote(&table_before.to_string()),
                    &quote(&table_now.to_string()),
                );
                other("users_table", change);
            }
            for (key, before, now) in [
                ("join", join_before, join_now),
                ("where", filter_before, filter_now),
            ] {
                if before != now {
                    let (from, to) = (
                        quote_or_none(before.as_deref()),
                        quote_or_none(now.as_deref()),
                    );
                    other(key, describe_change(key, &from, &to));
                }
            }
            compare_columns(columns_before, columns_now, judged_by, places, notes);
        }
        (AccountsQuery::Table { .. }, AccountsQuery::Query { .. }) => {
            other("query", "`query` replaces `users_table`".to_owned());
        }
        (AccountsQuery::Query { .. }, AccountsQuery::Table { .. }) => {
            other("users_table", "`users_table` replaces `query`".to_owned());
        }
    }
}

fn compare_columns(
    before: &BTreeMap<Field, Expression>,
    now: &BTreeMap<Field, Expression>,
    judged_by: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    for field in Field::ALL {
        let (before, now) = (before.get(&field), now.get(&field));
        let says_nothing = match field {
            // Reported as `plans`.
            Field::Plan => judged_by.plans.is_empty(),
            Field::PastDueSince => judged_by.grace.past_due.is_none(),
            Field::UpdatedAt => true,
            Field::Id
            | Field::CustomerId
            | Field::HasPaidAccess
            | Field::Exempt
            | Field::Seats
            | Field::Status
            | Field::SubscriptionId
            | Field::PeriodEnd
            | Field::CancelAtPeriodEnd
            | Field::PaidElsewhere => false,
        };
        if before == now || says_nothing {
            continue;
        }
        let effect = match (field, before, now) {
            (Field::Exempt, _, Some(_)) => "lets a column exempt accounts",
            (Field::PaidElsewhere, _, Some(_)) => "lets a column mark accounts as paid elsewhere",
            (Field::PastDueSince, _, _) => {
                "counts the grace of overdue payments from a different time"
            }
            (Field::Exempt | Field::PaidElsewhere, _, None) | (_, None, _) => continue,
            (_, Some(_), None) => "no longer reads a column that rules need",
            (_, Some(_), Some(_)) => "reads a column from a different place than the base commit",
        };
        let shown = |mapped: Option<&Expression>| mapped.map_or("none".to_owned(), expression);
        let change = describe_change(field.as_str(), &shown(before), &shown(now));
        let place = if now.is_some() {
            places.of_column(field)
        } else {
            places.of_key("database.columns", None)
        };
        notes.note(effect, change, place);
    }
}
