//! Checks the mapped columns of an account with the right access: seats, status, subscription id, period, flag.

use crate::contract::{
    AccountColumns, Field, Included, Item, MatchOn, PlanWords, PriceId, PricePattern, Rule, Seats,
    Source, Status, Subscription, Unanswerable, UnixSeconds,
    access::{CustomerAccess, PriceMeaning},
    case::{Case, Draft},
    customers::Link,
};

/// Judges the columns of a paid account about its subscription, if its customer grants.
pub(super) fn judge_granting(
    case: &Case<'_>,
    link: &Link<'_, '_>,
    granting: &[&Subscription],
) -> Result<(), Unanswerable> {
    let Some(columns) = link.account.columns.as_deref() else {
        return Ok(());
    };
    if !case.contract.source.has_subscriptions() {
        return Ok(());
    }
    let Some(deciding) = case.deciding(&link.holder) else {
        return Ok(());
    };
    let row = Row {
        case,
        link,
        columns,
    };
    row.stale_subscription_id(granting);
    row.period_drift(deciding)?;
    row.cancel_flag_drift(deciding)
}

/// Reports stored seats that differ from those that `paying`, the granting or overdue subscriptions, buy.
pub(super) fn seat_drift(
    case: &Case<'_>,
    link: &Link<'_, '_>,
    state: CustomerAccess,
    paying: &[&Subscription],
) -> Result<(), Unanswerable> {
    let (Some(columns), Some(newest)) = (link.account.columns.as_deref(), paying.first()) else {
        return Ok(());
    };
    let mut paying = paying.to_vec();
    paying.extend(case.seats_apart(&link.holder, state));
    if !case.contract.source.has_subscriptions()
        || !is_judged(case, Rule::SeatDrift, Field::Seats)
        || is_unlimited(&case.contract.seats, columns.seats, &paying)
    {
        return Ok(());
    }
    let Some(bought) = paid_seats(case, &paying)? else {
        return Ok(());
    };
    let stored = match columns.seats {
        None if case.contract.seats.prices.is_some() => Some(0),
        stored => stored,
    };
    if stored.is_some_and(|stored| u64::try_from(stored) == Ok(bought)) {
        return Ok(());
    }
    let row = Row {
        case,
        link,
        columns,
    };
    let stored = columns.seats;
    let stored = stored.map_or("empty".to_owned(), |stored| stored.to_string());
    row.report(Rule::SeatDrift, newest, &stored, &bought.to_string());
    Ok(())
}

/// Reports a stored word that is not the status of the deciding subscription. An empty column beside a subscription
/// that does not grant is right: it was cleared.
pub(super) fn status_drift(case: &Case<'_>, link: &Link<'_, '_>) {
    if !case.contract.source.has_subscriptions()
        || !is_judged(case, Rule::StatusDrift, Field::Status)
    {
        return;
    }
    let (Some(columns), Some(deciding)) =
        (link.account.columns.as_deref(), case.deciding(&link.holder))
    else {
        return;
    };
    let stored = columns.status.as_deref().unwrap_or_default().trim();
    let was_cleared = stored.is_empty() && !case.grants(deciding);
    let words = case.contract.status_words.get(&deciding.status);
    let is_right = match words {
        Some(words) => words.iter().any(|word| word.trim() == stored),
        None => Status::parse(stored) == deciding.status,
    };
    if was_cleared || is_right {
        return;
    }
    let row = Row {
        case,
        link,
        columns,
    };
    let stored = if stored.is_empty() {
        "empty".to_owned()
    } else {
        format!("\"{stored}\"")
    };
    let expected = words.map_or_else(|| deciding.status.to_string(), |words| words.join(" or "));
    row.report(Rule::StatusDrift, deciding, &stored, &expected);
}

fn is_judged(case: &Case<'_>, rule: Rule, field: Field) -> bool {
    case.wants(rule) && case.facts.mapped.contains(&field)
}

/// One account with its mapped columns.
struct Row<'a, 'f> {
    case: &'a Case<'f>,
    link: &'a Link<'a, 'f>,
    columns: &'a AccountColumns,
}

impl Row<'_, '_> {
    fn stale_subscription_id(&self, granting: &[&Subscription]) {
        if self.case.contract.match_on == MatchOn::SubscriptionId
            || !is_judged(self.case, Rule::StaleSubscriptionId, Field::SubscriptionId)
        {
            return;
        }
        let stored = self.columns.subscription_id.as_ref();
        // One with an unmapped price grants by its status: it may well be the right one.
        let mut all = self.case.subscriptions_of(&self.link.holder);
        if all.any(|one| Some(&one.id) == stored && self.case.is_charged(one)) {
            return;
        }
        if let Some(newest) = granting.first() {
            let stored = stored.map_or("empty".to_owned(), ToString::to_string);
            let expected = newest.id.to_string();
            self.report(Rule::StaleSubscriptionId, newest, &stored, &expected);
        }
    }

    fn period_drift(&self, deciding: &Subscription) -> Result<(), Unanswerable> {
        if !is_judged(self.case, Rule::PeriodDrift, Field::PeriodEnd) {
            return Ok(());
        }
        let Some(end) = period_end(self.case, deciding) else {
            if states_no_period(self.case, deciding) {
                return Ok(());
            }
            return Err(missing(
                deciding,
                "end of its current period",
                "`period-drift`",
            ));
        };
        let stored = self.columns.period_end;
        let tolerance = self.case.contract.period_tolerance;
        if stored.is_none_or(|stored: UnixSeconds| stored.distance(end) > tolerance) {
            let stored = stored.map_or("empty".to_owned(), |stored| stored.to_string());
            self.report(Rule::PeriodDrift, deciding, &stored, &end.to_string());
        }
        Ok(())
    }

    fn cancel_flag_drift(&self, deciding: &Subscription) -> Result<(), Unanswerable> {
        if !is_judged(self.case, Rule::CancelFlagDrift, Field::CancelAtPeriodEnd) {
            return Ok(());
        }
        let scheduled = deciding.cancel_scheduled;
        let scheduled = scheduled
            .ok_or_else(|| missing(deciding, "cancellation flag", "`cancel-flag-drift`"))?;
        let stored = self.columns.cancel_at_period_end;
        if stored != scheduled {
            let (stored, scheduled) = (stored.to_string(), scheduled.to_string());
            self.report(Rule::CancelFlagDrift, deciding, &stored, &scheduled);
        }
        Ok(())
    }

    fn report(&self, rule: Rule, deciding: &Subscription, stored: &str, expected: &str) {
        let Self { case, link, .. } = self;
        let Some((field, consequence)) = about(rule) else {
            return;
        };
        let column = case.column(field);
        let mut evidence = case.both_sides(link, [deciding]);
        if let Some(row) = evidence.last_mut() {
            *row += &format!(", {column} = {stored}");
        }
        let only_cancel_at = rule == Rule::CancelFlagDrift && deciding.only_cancel_at;
        let (says, fix) = if only_cancel_at {
            let says = "has `cancel_at` set, and `cancel_at_period_end` is false".to_owned();
            let both = "{sql: \"cancel_at_period_end or cancel_at is not null\"}";
            let fix = format!(
                "Set {column}={expected} in your webhook handler when `cancel_at` is set. An app that stores both maps \
                 `cancel_at_period_end: {both}`."
            );
            (says, fix)
        } else {
            let fix = format!(
                "Set {column}={expected} in your webhook handler whenever the subscription changes."
            );
            (format!("says {expected}"), fix)
        };
        case.report(
            rule,
            case.account_entity(link.account),
            Draft {
                message: format!(
                    "{} has {column} {stored} but the {} {says}.\n{consequence}",
                    case.entity_capital(),
                    case.source_object(),
                ),
                fix,
                subject: case.subject(link, Some(deciding)),
                evidence,
                ..Draft::default()
            },
        );
    }
}

/// Returns true if the subscription has no period. Paddle states it only for subscriptions that are billed.
fn states_no_period(case: &Case<'_>, subscription: &Subscription) -> bool {
    case.contract.source == Source::Paddle
        && matches!(subscription.status, Status::Canceled | Status::Paused)
}

/// Returns the end of the paid period: that of the items that `plans` maps, else of those that are not ignored.
pub(crate) fn period_end(case: &Case<'_>, subscription: &Subscription) -> Option<UnixSeconds> {
    let own = subscription.period_end();
    let periods = subscription
        .details
        .as_ref()
        .map(|details| &details.item_periods);
    let Some(periods) = periods.filter(|periods| !periods.is_empty()) else {
        return own;
    };
    let latest = |is_counted: &dyn Fn(&Item) -> bool| {
        let items = subscription.items.iter().zip(periods.iter());
        items
            .filter(|(item, _)| is_counted(item))
            .filter_map(|(_, period)| period.map_or(own, |period| Some(period.end())))
            .max()
    };
    let meaning = |item: &Item| case.contract.price_meaning(&item.price);
    latest(&|item| matches!(meaning(item), PriceMeaning::Plan(_)))
        .or_else(|| latest(&|item| meaning(item) != PriceMeaning::Ignored))
        .or(own)
}

/// Returns true if the row holds a value for "no limit", and the prices allow it.
fn is_unlimited(seats: &Seats, stored: Option<i64>, paying: &[&Subscription]) -> bool {
    if !seats.unlimited.contains(&stored) {
        return false;
    }
    let Some(prices) = &seats.unlimited_prices else {
        return true;
    };
    let mut items = paying.iter().flat_map(|one| one.items.iter());
    items.any(|item| is_listed(prices, &item.price.id))
}

fn is_listed(patterns: &[PricePattern], price: &PriceId) -> bool {
    patterns.iter().any(|pattern| pattern.matches(price))
}

/// Returns the paid seats, or `None` if no item counts: the prices are metered or unknown.
pub(crate) fn paid_seats(
    case: &Case<'_>,
    paying: &[&Subscription],
) -> Result<Option<u64>, Unanswerable> {
    let seats = &case.contract.seats;
    let mut units = seats.prices.as_ref().map(|_| 0_u64);
    for subscription in paying {
        for item in &subscription.items {
            if counts_seats(case, item) {
                let quantity = item.quantity;
                let quantity =
                    quantity.ok_or_else(|| missing(subscription, "quantity", "`seat-drift`"))?;
                units = Some(units.unwrap_or_default().saturating_add(quantity));
            }
        }
    }
    let included = || included(case, paying);
    Ok(units.map(|units| {
        units
            .saturating_mul(seats.per_unit)
            .saturating_add(included())
    }))
}

/// Returns true if the quantity of an item counts: licensed, and of a price that the contract counts.
pub(crate) fn counts_seats(case: &Case<'_>, item: &Item) -> bool {
    let contract = case.contract;
    let is_counted = match &contract.seats.prices {
        Some(prices) => is_listed(prices, &item.price.id),
        None => match contract.price_meaning(&item.price) {
            PriceMeaning::Plan(_) => true,
            PriceMeaning::Unmapped => !contract.checks_plans(),
            PriceMeaning::Ignored | PriceMeaning::Seats => false,
        },
    };
    is_counted && !item.price.metered
}

/// Returns the seats included in the paid plan; of several right plans, the most.
fn included(case: &Case<'_>, paying: &[&Subscription]) -> u64 {
    let by_plan = match &case.contract.seats.included {
        Included::Number(number) => return *number,
        Included::ByPlan(by_plan) => by_plan,
    };
    let plans = paying.iter();
    let plans = plans.flat_map(|one| case.contract.plans_of(&one.items));
    let of_plan = |plan: &PlanWords| plan.words().filter_map(|word| by_plan.get(word)).max();
    let right = case.contract.right_plans(plans);
    right
        .into_iter()
        .filter_map(of_plan)
        .max()
        .copied()
        .unwrap_or_default()
}

/// Returns the column that a rule of this file compares, and the consequence of a difference.
fn about(rule: Rule) -> Option<(Field, &'static str)> {
    let rules = [
        (
            Rule::SeatDrift,
            Field::Seats,
            "Seat drift — what is used is not what is paid for.",
        ),
        (
            Rule::StatusDrift,
            Field::Status,
            "Status drift — a status change did not reach the row.",
        ),
        (
            Rule::StaleSubscriptionId,
            Field::SubscriptionId,
            "Stale subscription — changes to the live one will not find the row.",
        ),
        (
            Rule::PeriodDrift,
            Field::PeriodEnd,
            "Period drift — access may end early or last too long.",
        ),
        (
            Rule::CancelFlagDrift,
            Field::CancelAtPeriodEnd,
            "Cancellation drift — the app shows a renewal that will not come, or hides one that will.",
        ),
    ];
    let (_, field, consequence) = rules.into_iter().find(|(other, ..)| *other == rule)?;
    Some((field, consequence))
}

fn missing(
    subscription: &Subscription,
    missing: &'static str,
    needed_by: &'static str,
) -> Unanswerable {
    Unanswerable::Missing {
        subscription: subscription.id.to_string(),
        missing,
        needed_by,
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::{
        Contract, Details, Facts, Period, SubscriptionId, Word,
        testing::{DAY, account, contract, facts, found, item, judge, only, subscription},
    };

    fn right() -> AccountColumns {
        let deciding = subscription("1", "active", "price_pro");
        AccountColumns {
            seats: Some(1),
            status: Some(Word::from("active")),
            period_end: deciding.period_end(),
            subscription_id: Some(deciding.id),
            cancel_at_period_end: false,
            ..AccountColumns::default()
        }
    }

    fn world(columns: AccountColumns) -> Facts {
        let mut facts = facts(
            [account("1").paid().plan("pro").columns(columns)],
            [
                subscription("1", "active", "price_pro"),
                subscription("1", "canceled", "price_pro")
                    .id("sub_old")
                    .newer(),
            ],
        );
        facts.mapped.extend(Field::ALL);
        facts
    }

    fn wrong_ones() -> [(AccountColumns, &'static str); 10] {
        [
            (
                AccountColumns {
                    seats: Some(2),
                    ..right()
                },
                "seat-drift",
            ),
            (
                AccountColumns {
                    seats: None,
                    ..right()
                },
                "seat-drift",
            ),
            (
                AccountColumns {
                    seats: Some(-1),
                    ..right()
                },
                "seat-drift",
            ),
            (
                AccountColumns {
                    status: Some(Word::from("trialing")),
                    ..right()
                },
                "status-drift",
            ),
            (
                AccountColumns {
                    status: None,
                    ..right()
                },
                "status-drift",
            ),
            (
                AccountColumns {
                    subscription_id: Some(SubscriptionId::from("sub_old")),
                    ..right()
                },
                "stale-subscription-id",
            ),
            (
                AccountColumns {
                    subscription_id: None,
                    ..right()
                },
                "stale-subscription-id",
            ),
            (
                AccountColumns {
                    period_end: None,
                    ..right()
                },
                "period-drift",
            ),
            (
                AccountColumns {
                    period_end: right().period_end.map(|end| end.plus(-DAY - 1)),
                    ..right()
                },
                "period-drift",
            ),
            (
                AccountColumns {
                    cancel_at_period_end: true,
                    ..right()
                },
                "cancel-flag-drift",
            ),
        ]
    }

    #[test]
    fn right_columns_are_silent_and_each_wrong_one_is_its_own_rule() {
        assert_eq!(found(&contract(), &world(right())), [""; 0]);
        for (columns, rule) in wrong_ones() {
            assert_eq!(
                found(&contract(), &world(columns)),
                [format!("{rule} user:usr_1")]
            );
        }
        let tolerated = AccountColumns {
            period_end: right().period_end.map(|end| end.plus(DAY)),
            ..right()
        };
        assert_eq!(found(&contract(), &world(tolerated)), [""; 0]);
    }

    #[test]
    fn columns_that_are_not_mapped_are_not_judged() {
        let mut world = world(AccountColumns::default());
        world.mapped = [Field::Plan].into();
        assert_eq!(found(&contract(), &world), [""; 0]);
    }

    #[test]
    fn an_account_without_the_right_access_gets_no_column_rule() {
        let mut world = world(AccountColumns::default());
        world.accounts[0].paid = false;
        assert_eq!(found(&contract(), &world), ["revenue-leak user:usr_1"]);
    }

    #[test]
    fn a_stored_subscription_whose_price_is_not_mapped_is_not_stale() {
        let stored = |id: &str| {
            let mut world = world(AccountColumns {
                subscription_id: Some(SubscriptionId::from(id)),
                ..right()
            });
            world.subscriptions.extend([
                subscription("1", "active", "price_new").id("sub_new"),
                subscription("1", "active", "price_free").id("sub_free"),
            ]);
            found(&contract(), &world)
        };
        assert_eq!(stored("sub_new"), ["unmapped-price price:price_new"]);
        assert_eq!(
            stored("sub_free"),
            [
                "stale-subscription-id user:usr_1",
                "unmapped-price price:price_new"
            ]
        );
    }

    #[test]
    fn seats_are_the_sum_of_mapped_licensed_items() {
        let mut contract = contract();
        let mut world = world(AccountColumns {
            seats: Some(5),
            ..right()
        });
        let mut metered = item("price_team", 1);
        metered.quantity = None;
        Arc::make_mut(&mut metered.price).metered = true;
        world.subscriptions[0].items = [
            item("price_pro", 3),
            item("price_team", 2),
            item("price_addon", 9),
            item("price_ignored", 9),
            metered,
        ]
        .into();
        contract.ignore_prices = vec![PricePattern::parse("price_ignored")];
        let mut found_rules = found(&contract, &world);
        found_rules.retain(|finding| finding.starts_with("seat"));
        assert_eq!(found_rules, [""; 0]);
        // Without plans, every licensed item that is not ignored counts.
        contract.plans.clear();
        world.mapped = [Field::Seats].into();
        let drift = only(Rule::SeatDrift, &contract, &world);
        assert!(drift.message.contains("says 14."), "{}", drift.message);
    }

    #[test]
    fn seats_are_not_judged_where_nothing_is_paid_for_by_the_seat() {
        let mut metered = item("price_pro", 1);
        metered.quantity = None;
        Arc::make_mut(&mut metered.price).metered = true;
        for items in [vec![metered], vec![]] {
            let mut world = world(AccountColumns {
                seats: Some(5),
                ..right()
            });
            world.subscriptions[0].items = items.into();
            world.mapped = [Field::Seats].into();
            assert_eq!(found(&contract(), &world), [""; 0]);
        }
    }

    #[test]
    fn an_ended_subscriptions_status_may_be_cleared_but_not_wrong() {
        let mut world = world(AccountColumns::default());
        world.accounts[0].paid = false;
        world.accounts[0].plan = None;
        world.subscriptions.remove(0);
        assert_eq!(found(&contract(), &world), [""; 0]);
        let columns = AccountColumns {
            status: Some(Word::from("active")),
            ..AccountColumns::default()
        };
        world.accounts[0].columns = Some(Box::new(columns));
        let drift = only(Rule::StatusDrift, &contract(), &world);
        assert_eq!(
            drift.message,
            "User has status \"active\" but the Stripe subscription says canceled.\n\
             Status drift — a status change did not reach the row."
        );
        let columns = AccountColumns {
            status: Some(Word::from("CANCELLED")),
            ..AccountColumns::default()
        };
        world.accounts[0].columns = Some(Box::new(columns));
        assert_eq!(found(&contract(), &world), [""; 0]);
    }

    #[test]
    fn in_grace_the_status_is_judged_with_and_without_access() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        let mut world = world(right());
        world.subscriptions = vec![subscription("1", "past_due", "price_pro")];
        for paid in [true, false] {
            world.accounts[0].paid = paid;
            assert_eq!(found(&contract, &world), ["status-drift user:usr_1"]);
        }
    }

    #[test]
    fn a_mapped_column_without_the_providers_value_is_no_verdict() {
        let mut world = world(right());
        world.subscriptions[0].cancel_scheduled = None;
        let error = judge(&contract(), &world).expect_err("no verdict");
        assert!(error.to_string().contains("cancellation flag"), "{error}");
    }

    #[test]
    fn the_row_says_which_of_two_granting_subscriptions_decides() {
        let mut named = world(AccountColumns {
            subscription_id: Some("sub_1".into()),
            status: Some(Word::from("active")),
            ..right()
        });
        named.subscriptions.push(
            subscription("1", "trialing", "price_pro")
                .id("sub_2")
                .newer(),
        );
        named.mapped = [Field::Status, Field::SubscriptionId].into();
        let mut contract = contract();
        contract.severities.remove(&Rule::DoubleSubscription);
        assert_eq!(found(&contract, &named), [""; 0]);
        // A subscription that does not grant decides nothing, whatever the row names.
        named.subscriptions[0].status = Status::Canceled;
        assert_eq!(
            found(&contract, &named),
            [
                "status-drift user:usr_1",
                "stale-subscription-id user:usr_1"
            ]
        );
    }

    #[test]
    fn an_application_spells_statuses_as_its_contract_says() {
        let mut contract = contract();
        let words = vec!["ACTIVE".to_owned(), "on".to_owned()];
        contract.status_words.insert(Status::Active, words);
        for (stored, is_right) in [("ACTIVE", true), ("on", true), ("active", false)] {
            let mut world = world(AccountColumns {
                status: Some(Word::from(stored)),
                ..right()
            });
            world.mapped = [Field::Status].into();
            assert_eq!(found(&contract, &world).is_empty(), is_right, "{stored}");
        }
    }

    #[test]
    fn a_period_that_paddle_does_not_state_is_not_judged() {
        for (source, status, is_judged) in [
            (Source::Paddle, Status::Paused, false),
            (Source::Paddle, Status::Canceled, false),
            (Source::Paddle, Status::Active, true),
            (Source::Stripe, Status::Paused, true),
        ] {
            let mut contract = contract();
            contract.source = source;
            contract.statuses.grant.push(status.clone());
            contract.statuses.deny.remove(&status);
            let mut bought = subscription("1", status.as_str(), "price_pro");
            bought.period = None;
            let mut world = facts([account("1").paid().plan("pro").columns(right())], [bought]);
            world.mapped = [Field::PeriodEnd].into();
            let judged = judge(&contract, &world);
            assert_eq!(judged.is_err(), is_judged, "{source:?} {status}");
        }
    }

    #[test]
    fn the_period_is_that_of_the_items_with_a_plan() {
        let ends = |days: i64| {
            Some(Period::new(
                crate::contract::testing::NOW,
                crate::contract::testing::NOW.plus(days * DAY),
            ))
        };
        let bought =
            subscription("1", "active", "").items([item("price_pro", 1), item("price_support", 1)]);
        let mut bought = bought;
        bought.details = Some(Box::new(Details {
            item_periods: [ends(10), ends(300)].into(),
            ..Details::default()
        }));
        bought.period = ends(300);
        let stored = |days: i64| {
            let columns = AccountColumns {
                period_end: ends(days).map(Period::end),
                ..right()
            };
            let mut world = facts(
                [account("1").paid().plan("pro").columns(columns)],
                [bought.clone()],
            );
            world.mapped = [Field::PeriodEnd].into();
            world
        };
        let mut contract = contract();
        contract.ignore_prices = vec![PricePattern::parse("price_support")];
        assert_eq!(found(&contract, &stored(10)), [""; 0]);
        assert_eq!(found(&contract, &stored(300)), ["period-drift user:usr_1"]);
        // Without plans, every item that is not ignored counts.
        contract.plans.clear();
        assert_eq!(found(&contract, &stored(10)), [""; 0]);
        contract.ignore_prices.clear();
        assert_eq!(found(&contract, &stored(300)), [""; 0]);
    }

    #[test]
    fn a_date_to_cancel_at_is_named_where_the_flag_is_false() {
        let mut world = world(right());
        world.mapped = [Field::CancelAtPeriodEnd].into();
        world.subscriptions[0].cancel_scheduled = Some(true);
        world.subscriptions[0].only_cancel_at = true;
        let drift = only(Rule::CancelFlagDrift, &contract(), &world);
        assert_eq!(
            drift.message.lines().next(),
            Some(
                "User has cancel_at_period_end false but the Stripe subscription has `cancel_at` set, and \
                 `cancel_at_period_end` is false."
            )
        );
        assert!(drift.fix.contains("cancel_at is not null"), "{drift:?}");
    }

    fn seats(contract: &Contract, stored: Option<i64>, prices: &[(&str, u64)]) -> bool {
        let columns = AccountColumns {
            seats: stored,
            ..right()
        };
        let items = prices
            .iter()
            .map(|(price, quantity)| item(price, *quantity));
        let mut world = facts(
            [account("1").paid().plan("pro").columns(columns)],
            [subscription("1", "active", "").items(items)],
        );
        world.mapped = [Field::Seats].into();
        found(contract, &world).is_empty()
    }

    #[test]
    fn seats_come_in_packages_and_with_the_plan() {
        let mut contract = contract();
        contract.seats.per_unit = 10;
        assert!(seats(&contract, Some(20), &[("price_pro", 2)]));
        contract.seats.included = Included::Number(3);
        assert!(seats(&contract, Some(23), &[("price_pro", 2)]));
        contract.seats.included = Included::ByPlan([("pro".to_owned(), 5)].into());
        assert!(seats(&contract, Some(25), &[("price_pro", 2)]));
        assert!(!seats(&contract, Some(20), &[("price_pro", 2)]));
    }

    #[test]
    fn seats_are_those_of_the_listed_prices() {
        let mut contract = contract();
        contract.seats.prices = Some(vec![PricePattern::parse("price_seat_*")]);
        contract.seats.included = Included::ByPlan([("pro".to_owned(), 3)].into());
        let bought = [("price_pro", 1), ("price_seat_a", 4)];
        assert!(seats(&contract, Some(7), &bought));
        assert!(!seats(&contract, Some(5), &bought));
        assert!(seats(&contract, Some(3), &[("price_pro", 1)]));
        contract.seats.included = Included::Number(0);
        assert!(seats(&contract, None, &[("price_pro", 1)]));
    }

    #[test]
    fn a_word_for_no_limit_is_right_where_no_limit_is_bought() {
        let mut contract = contract();
        assert!(!seats(&contract, None, &[("price_pro", 1)]));
        contract.seats.unlimited = vec![None, Some(-1)];
        assert!(seats(&contract, None, &[("price_pro", 1)]));
        assert!(seats(&contract, Some(-1), &[("price_pro", 1)]));
        assert!(!seats(&contract, Some(2), &[("price_pro", 1)]));
        contract.seats.unlimited_prices = Some(vec![PricePattern::parse("price_team")]);
        assert!(!seats(&contract, None, &[("price_pro", 1)]));
        assert!(seats(
            &contract,
            None,
            &[("price_pro", 1), ("price_team", 1)]
        ));
    }

    #[test]
    fn rows_in_grace_keep_the_seats_and_the_plan_that_were_bought() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        let world = |seats: i64, plan: &str| {
            let columns = AccountColumns {
                seats: Some(seats),
                ..right()
            };
            let mut world = facts(
                [account("1").paid().plan(plan).columns(columns)],
                [subscription("1", "past_due", "price_pro")],
            );
            world.mapped.insert(Field::Seats);
            world
        };
        assert_eq!(found(&contract, &world(1, "pro")), [""; 0]);
        assert_eq!(
            found(&contract, &world(0, "free")),
            ["plan-drift user:usr_1", "seat-drift user:usr_1"]
        );
    }
}
