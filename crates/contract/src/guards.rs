//! Checks that prevent a verdict on facts that cannot be right, such as a read that returned nothing.

use super::{
    ColumnName, Facts, MatchOn, Mode, Subscription, SubscriptionAccess, Summary, Unanswerable,
    account_index::AccountIndex,
    case::Case,
    rules::{is_paid_elsewhere, is_same_word},
};

/// Minimum number of linked accounts for [`check_known_customers`]. Fewer may all be new.
const MIN_LINKED_ACCOUNTS: u64 = 5;

/// Checks the facts of a case whose counts are in `summary`.
pub(crate) fn check(case: &Case<'_>, summary: &Summary) -> Result<(), Unanswerable> {
    account_on_two_rows(case.facts)?;
    if case.facts.accounts.is_empty() && !case.contract.allow_empty {
        return Err(Unanswerable::NoAccounts);
    }
    mode(case)?;
    kind_of_ids(case)?;
    words(case)?;
    no_account_linked(case)?;
    check_known_customers(case, summary)
}

/// Minimum number of accounts with access for [`no_account_linked`]. Fewer may all be gifts.
const MIN_PAID_ACCOUNTS: u64 = 5;

/// Rejects facts in which many accounts have access and none is linked, while somebody pays: the column is no longer
/// filled, and no account would be judged.
fn no_account_linked(case: &Case<'_>) -> Result<(), Unanswerable> {
    let mut paid = 0_u64;
    for (account, link) in case.customers.accounts() {
        if link.is_some() {
            return Ok(());
        }
        let is_silent = case.is_exempt(account) || is_paid_elsewhere(account);
        paid += u64::from(account.paid && !is_silent);
    }
    let grants = |subscription: &&Subscription| {
        !case.is_on_test_clock_of(subscription)
            && case.contract.access(subscription, None, case.now) == SubscriptionAccess::Grants
    };
    let paying = case.facts.subscriptions.iter().filter(grants);
    let example = paying.map(|subscription| &subscription.id).min();
    match example {
        Some(example) if paid >= MIN_PAID_ACCOUNTS => Err(Unanswerable::NoAccountLinked {
            paid,
            column: case.column(case.contract.match_on.link()).to_owned(),
            example: example.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Rejects an account that is on two rows, as after a join that multiplies rows: their values may differ.
fn account_on_two_rows(facts: &Facts) -> Result<(), Unanswerable> {
    AccountIndex::new(facts)
        .on_two_rows()
        .map_or(Ok(()), |account| {
            Err(Unanswerable::AccountOnTwoRows {
                id: account.id.to_string(),
            })
        })
}

/// Rejects facts in which every stored id belongs to another kind of object, because the wrong column is mapped.
fn kind_of_ids(case: &Case<'_>) -> Result<(), Unanswerable> {
    let link = case.contract.match_on.link();
    let foreign: &[&str] = match case.contract.match_on {
        MatchOn::CustomerId => &["sub_", "price_", "pri_", "prod_", "pro_", "si_", "txn_"],
        MatchOn::SubscriptionId => &[
            "cus_", "ctm_", "price_", "pri_", "prod_", "pro_", "si_", "txn_",
        ],
    };
    let mut example: Option<&str> = None;
    for (_, link) in case.customers.accounts() {
        let Some(link) = link else { continue };
        for id in link
            .holder
            .customers()
            .filter_map(|customer| case.customers.key(customer))
        {
            let is_foreign = foreign.iter().any(|prefix| id.starts_with(prefix));
            if !is_foreign && !id.contains('@') {
                return Ok(());
            }
            if example.is_none_or(|other| id < other) {
                example = Some(id);
            }
        }
    }
    example.map_or(Ok(()), |example| {
        Err(Unanswerable::WrongKindOfId {
            field: link,
            column: case.column(link).to_owned(),
            example: example.to_owned(),
        })
    })
}

/// Rejects a word of `in:` that no row holds, while rows hold it in another case: it would never match.
fn words(case: &Case<'_>) -> Result<(), Unanswerable> {
    for (field, stored) in &case.facts.stored_words {
        let Some(ColumnName::In { column, values }) = case.contract.columns.get(field) else {
            continue;
        };
        if stored.has_more {
            continue;
        }
        for value in values {
            let mut alike = stored.words.iter().filter(|word| is_same_word(word, value));
            if !stored.words.contains(value.as_str())
                && let Some(word) = alike.next()
            {
                return Err(Unanswerable::WordInOtherCase {
                    field: *field,
                    column: column.clone(),
                    written: value.clone(),
                    stored: word.to_string(),
                });
            }
        }
    }
    Ok(())
}

fn mode(case: &Case<'_>) -> Result<(), Unanswerable> {
    let seen = &case.facts.seen_modes;
    let (expected, object) = match case.contract.mode {
        Some(Mode::Live) => (Mode::Live, &seen.test),
        Some(Mode::Test) => (Mode::Test, &seen.live),
        None => return Ok(()),
    };
    match object {
        Some(object) => Err(Unanswerable::WrongMode {
            expected,
            object: object.clone(),
        }),
        None => Ok(()),
    }
}

/// Rejects facts in which the provider knows no customer of many linked accounts, paid ones among them: the key, the
/// mode or the column is wrong, and every finding would be a false alarm.
pub(crate) fn check_known_customers(
    case: &Case<'_>,
    summary: &Summary,
) -> Result<(), Unanswerable> {
    if summary.linked < MIN_LINKED_ACCOUNTS || case.facts.customer_known {
        return Ok(());
    }
    let mut any_paid = false;
    let mut example: Option<&str> = None;
    for (account, link) in case.customers.accounts() {
        let Some(link) = link else { continue };
        any_paid |= account.paid;
        for customer in link.holder.customers() {
            if case.customers.subscriptions(customer).next().is_some() {
                return Ok(());
            }
            let id = case.customers.key(customer);
            if let Some(id) = id
                && example.is_none_or(|other| id < other)
            {
                example = Some(id);
            }
        }
    }
    if !any_paid {
        return Ok(());
    }
    Err(Unanswerable::NoCustomerKnown {
        linked: summary.linked,
        example: example.unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        AccountColumns, MatchOn, Mode, SubscriptionId, Unanswerable,
        testing::{account, contract, facts, found, judge, subscription},
    };

    #[test]
    fn an_empty_read_gives_no_verdict_unless_allowed() {
        let mut contract = contract();
        assert_eq!(
            judge(&contract, &facts([], [])),
            Err(Unanswerable::NoAccounts)
        );
        contract.allow_empty = true;
        assert!(judge(&contract, &facts([], [])).is_ok());
    }

    #[test]
    fn one_account_on_two_rows_gives_no_verdict() {
        let twice = facts([account("1"), account("2"), account("1").paid()], []);
        assert_eq!(
            judge(&contract(), &twice),
            Err(Unanswerable::AccountOnTwoRows {
                id: "usr_1".to_owned()
            })
        );
        // Ids are compared byte for byte.
        let mut upper = account("1");
        upper.id = "USR_1".into();
        assert!(judge(&contract(), &facts([account("1"), upper], [])).is_ok());
    }

    #[test]
    fn objects_of_the_other_mode_give_no_verdict() {
        let mut contract = contract();
        let mut world = facts([account("1")], []);
        world.seen_modes.test = Some("sub_1".to_owned());
        assert!(judge(&contract, &world).is_ok());
        contract.mode = Some(Mode::Live);
        assert!(matches!(
            judge(&contract, &world),
            Err(Unanswerable::WrongMode { .. })
        ));
        contract.mode = Some(Mode::Test);
        assert!(judge(&contract, &world).is_ok());
    }

    #[test]
    fn five_unknown_customers_one_of_them_paid_give_no_verdict() {
        let accounts = |number: u32, paid: bool| {
            (1..=number).map(move |n| {
                let account = account(&n.to_string());
                if paid && n == 1 {
                    account.paid()
                } else {
                    account
                }
            })
        };
        let elsewhere = || [subscription("x", "canceled", "price_pro")];
        let strangers = facts(accounts(5, true), elsewhere());
        assert_eq!(
            judge(&contract(), &strangers),
            Err(Unanswerable::NoCustomerKnown {
                linked: 5,
                example: "cus_1".to_owned()
            })
        );
        let with_lookup = crate::Facts {
            customer_known: true,
            ..strangers
        };
        assert!(judge(&contract(), &with_lookup).is_ok());
        assert!(judge(&contract(), &facts(accounts(4, true), elsewhere())).is_ok());
        assert!(judge(&contract(), &facts(accounts(5, false), elsewhere())).is_ok());
        let one_known = facts(
            accounts(5, true),
            [subscription("3", "canceled", "price_pro")],
        );
        assert!(judge(&contract(), &one_known).is_ok());
    }

    #[test]
    fn five_accounts_with_access_and_no_link_give_no_verdict() {
        let accounts = |number: u32| {
            (1..=number).map(|number| account(&number.to_string()).paid().customer(None))
        };
        let paying = || [subscription("9", "active", "price_pro")];
        assert_eq!(
            judge(&contract(), &facts(accounts(5), paying())),
            Err(Unanswerable::NoAccountLinked {
                paid: 5,
                column: "customer_id".to_owned(),
                example: "sub_9".to_owned()
            })
        );
        for fine in [
            facts(accounts(4), paying()),
            facts(accounts(5), []),
            facts(accounts(5), [subscription("9", "canceled", "price_pro")]),
            facts(accounts(5).chain([account("6")]), paying()),
            facts(accounts(5).map(crate::Account::exempt), paying()),
        ] {
            assert!(judge(&contract(), &fine).is_ok());
        }
    }

    #[test]
    fn ids_of_another_kind_give_no_verdict() {
        for stored in [
            "sub_1",
            "price_pro",
            "pri_01",
            "prod_1",
            "pro_01",
            "si_1",
            "txn_01",
            "a@b.c",
        ] {
            let linked = account("1").customer(Some(stored));
            let world = facts([linked], [subscription("1", "active", "price_pro")]);
            let judged = judge(&contract(), &world);
            assert!(
                matches!(judged, Err(Unanswerable::WrongKindOfId { .. })),
                "{stored}: {judged:?}"
            );
        }
    }

    #[test]
    fn accounts_are_judged_by_the_subscription_that_they_store() {
        let mut contract = contract();
        contract.match_on = MatchOn::SubscriptionId;
        let with = |name: &str, subscription: Option<&str>| {
            account(name).customer(None).columns(AccountColumns {
                subscription_id: subscription.map(SubscriptionId::from),
                ..AccountColumns::default()
            })
        };
        let world = facts(
            [
                with("1", Some("sub_1")).paid().plan("pro"),
                with("2", Some("sub_2")),
                with("3", Some("sub_gone")).paid(),
                with("4", Some(" ")).paid(),
            ],
            [
                subscription("1", "active", "price_pro"),
                subscription("2", "active", "price_pro"),
                subscription("9", "active", "price_pro"),
            ],
        );
        assert_eq!(
            found(&contract, &world),
            [
                "revenue-leak user:usr_2",
                "no-subscription user:usr_3",
                "orphan-subscription subscription:sub_9",
                "unlinked-access accounts:unlinked",
            ]
        );
    }
}
