//! Random accounts: few ids, so that they collide, and stored values that are sometimes right.

use std::collections::BTreeSet;

use contract::{
    Account, AccountColumns, AccountId, CustomerId, Field, MatchOn, SubscriptionId, UnixSeconds,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::NOW;

/// Generates up to eight accounts; sometimes one id is on two rows, or none is linked.
pub(crate) fn accounts(
    mapped: BTreeSet<Field>,
    match_on: MatchOn,
) -> impl Strategy<Value = Vec<Account>> {
    let rows = vec(account(mapped, match_on), 0..9);
    let rarely = prop::bool::weighted(0.03);
    (rows, rarely, rarely).prop_map(|(mut rows, twice, unlinked)| {
        for (number, row) in rows.iter_mut().enumerate() {
            row.id = AccountId::from(format!("usr_{number}"));
            if unlinked {
                unlink(row);
            }
        }
        if twice && let Some(row) = rows.first().cloned() {
            rows.push(row);
        }
        rows
    })
}

fn unlink(account: &mut Account) {
    account.customer = None;
    if let Some(columns) = &mut account.columns {
        columns.subscription_id = None;
        columns.other_customers = Box::default();
    }
}

fn customer() -> impl Strategy<Value = String> {
    (0..4_u8).prop_map(|number| format!("cus_{number}"))
}

fn account(mapped: BTreeSet<Field>, match_on: MatchOn) -> impl Strategy<Value = Account> {
    let id = prop_oneof![
        9 => customer().prop_map(Some),
        1 => Just(None),
        1 => select(vec!["", "  ", "cus_elsewhere", "CUS_0", " cus_0"]).prop_map(|id| Some(id.to_owned())),
    ];
    let customers = prop_oneof![
        4 => id.prop_map(|id| (id, Vec::new())),
        1 => (customer(), vec(customer(), 1..3)).prop_map(|(first, others)| (Some(first), others)),
    ];
    let plan = option::weighted(
        0.9,
        select(vec![
            "pro", "pro", "team", "free", " pro ", "Pro", "PRO", "basic", "", "  ", "3",
        ]),
    );
    let paid = prop::bool::weighted(0.6);
    let exempt = prop::bool::weighted(0.15);
    (customers, paid, exempt, plan, columns(mapped)).prop_map(
        move |((customer, others), paid, exempt, plan, columns)| {
            let mut account = Account {
                id: AccountId::from(""),
                customer: None,
                paid,
                exempt,
                plan: plan.map(Into::into),
                columns,
            };
            if match_on == MatchOn::CustomerId {
                store(&mut account, customer, others);
            }
            account
        },
    )
}

fn store(account: &mut Account, customer: Option<String>, others: Vec<String>) {
    account.customer = customer.map(CustomerId::from);
    if !others.is_empty() {
        let columns = account.columns.get_or_insert_default();
        columns.other_customers = others.into_iter().map(CustomerId::from).collect();
    }
}

fn columns(mapped: BTreeSet<Field>) -> impl Strategy<Value = Option<Box<AccountColumns>>> {
    let seats = option::weighted(0.85, select(vec![-1, -1, 0, 1, 2, 3, 3, 4, 5, 6, 7]));
    let status = option::weighted(0.9, select(&STORED_STATUSES[..]));
    let subscription = prop_oneof![
        9 => (0..8_u8).prop_map(|number| Some(format!("sub_{number}"))),
        1 => Just(None),
        1 => select(vec!["", " ", "sub_elsewhere"]).prop_map(|id| Some(id.to_owned())),
    ];
    let period_end = option::weighted(
        0.9,
        select(vec![-6, -5, 0, 1, 4, 5, 6, 10, 11, 95, 100, 106]),
    );
    let past_due_since = option::weighted(0.7, select(vec![-30, -11, -10, -9, 0, 1]));
    (
        (seats, status, subscription),
        (period_end, any::<bool>()),
        (prop::bool::weighted(0.3), past_due_since),
    )
        .prop_map(
            move |(
                (seats, status, subscription),
                (period_end, cancel),
                (paid_elsewhere, past_due_since),
            )| {
                let any = mapped.iter().any(|field| *field != Field::Plan);
                let is = |field| mapped.contains(&field);
                any.then(|| {
                    Box::new(AccountColumns {
                        seats: seats.filter(|_| is(Field::Seats)),
                        status: status.filter(|_| is(Field::Status)).map(Into::into),
                        subscription_id: subscription
                            .filter(|_| is(Field::SubscriptionId))
                            .map(SubscriptionId::from),
                        period_end: period_end
                            .filter(|_| is(Field::PeriodEnd))
                            .map(|offset| UnixSeconds(NOW + offset)),
                        cancel_at_period_end: cancel && is(Field::CancelAtPeriodEnd),
                        paid_elsewhere: paid_elsewhere && is(Field::PaidElsewhere),
                        past_due_since: past_due_since
                            .filter(|_| is(Field::PastDueSince))
                            .map(|offset| UnixSeconds(NOW + offset)),
                        ..AccountColumns::default()
                    })
                })
            },
        )
}

const STORED_STATUSES: [&str; 8] = [
    "active",
    "LIVE",
    " LIVE ",
    "live",
    "past_due",
    "LATE",
    "Cancelled",
    " ",
];

/// Gives the accounts ids of the wrong kind: all of them, or all but the first.
pub(crate) fn mistake_ids(accounts: &mut [Account], match_on: MatchOn, kind: &str, but_one: bool) {
    for account in accounts.iter_mut().skip(usize::from(but_one)) {
        if let Some(columns) = &mut account.columns {
            if match_on == MatchOn::SubscriptionId
                && let Some(id) = &mut columns.subscription_id
            {
                *id = SubscriptionId::from(kind);
            }
            columns.other_customers = Box::default();
        }
        if let Some(id) = &mut account.customer
            && !id.as_str().trim().is_empty()
        {
            *id = CustomerId::from(kind);
        }
    }
}
