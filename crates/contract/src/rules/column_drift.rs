//! Creates the finding about a column that differs from the subscription, for the rules that compare a column.

use super::judged_account::JudgedAccount;
use crate::{Field, Rule, Subscription, Unanswerable, case::FindingDraft};

/// A stored value that differs from the expected one.
pub(super) struct Drift<'a> {
    pub(super) rule: Rule,
    pub(super) field: Field,
    pub(super) stored: &'a str,
    pub(super) expected: &'a str,
    /// Second sentence of the message.
    pub(super) consequence: &'static str,
}

impl Drift<'_> {
    /// Reports the difference from the subscription that decides.
    pub(super) fn report(&self, judged: &JudgedAccount<'_, '_>, deciding: &Subscription) {
        let column = judged.case.column(self.field);
        let expected = self.expected;
        let fix = format!(
            "Set {column}={expected} in your webhook handler whenever the subscription changes."
        );
        self.report_with(judged, deciding, &format!("says {expected}"), fix);
    }

    /// Reports the difference with this description of the subscription's value and this fix.
    pub(super) fn report_with(
        &self,
        judged: &JudgedAccount<'_, '_>,
        deciding: &Subscription,
        says: &str,
        fix: String,
    ) {
        let JudgedAccount { case, link, .. } = judged;
        let Self {
            rule,
            field,
            stored,
            consequence,
            ..
        } = self;
        let column = case.column(*field);
        let mut evidence = case.both_sides(link, [deciding]);
        if let Some(row) = evidence.last_mut() {
            *row += &format!(", {column} = {stored}");
        }
        case.report(
            *rule,
            case.account_entity(link.account),
            FindingDraft {
                message: format!(
                    "{} has {column} {stored} but the {} {says}.\n{consequence}",
                    case.entity_capital(),
                    case.source_object(),
                ),
                fix,
                subject: case.subject(link, Some(deciding)),
                evidence,
                ..FindingDraft::default()
            },
        );
    }
}

/// Returns the error for a value that the provider did not state.
pub(super) fn missing(
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

    use crate::{
        AccountColumns, Contract, Details, Facts, Field, Included, Period, PricePattern, Rule,
        Source, Status, SubscriptionId, Word,
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
    fn the_end_of_the_previous_period_is_right_until_the_renewal_is_billed() {
        const HOUR: i64 = 3600;
        let after_renewal = |seconds: i64| {
            let start = crate::testing::NOW.plus(-seconds);
            let mut world = world(AccountColumns {
                period_end: Some(start),
                ..right()
            });
            world.subscriptions[0].period = Some(Period::new(start, start.plus(30 * DAY)));
            found(&contract(), &world)
        };
        assert_eq!(after_renewal(0), [""; 0]);
        assert_eq!(after_renewal(2 * HOUR - 1), [""; 0]);
        assert_eq!(after_renewal(2 * HOUR), ["period-drift user:usr_1"]);
        assert_eq!(after_renewal(-1), ["period-drift user:usr_1"]);
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
    fn seats_are_not_judged_if_nothing_is_sold_by_the_seat() {
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
    fn a_mapped_column_without_the_providers_value_gives_no_verdict() {
        let mut world = world(right());
        world.subscriptions[0].cancel_scheduled = None;
        let error = judge(&contract(), &world).expect_err("no verdict");
        assert!(error.to_string().contains("cancellation flag"), "{error}");
    }

    #[test]
    fn the_row_selects_one_of_two_granting_subscriptions() {
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
                crate::testing::NOW,
                crate::testing::NOW.plus(days * DAY),
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
    fn a_cancellation_date_is_named_if_the_flag_is_false() {
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
    fn a_word_for_no_limit_is_right_if_no_limit_is_bought() {
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

    #[test]
    fn canceled_seats_do_not_count_during_the_grace_of_a_plan() {
        let mut contract = contract();
        contract.seats.prices = Some(vec![PricePattern::parse("price_seat_*")]);
        contract.grace.past_due = Some(14 * DAY);
        contract.grace.canceled = Some(crate::CanceledGrace::For(14 * DAY));
        let columns = AccountColumns {
            seats: Some(0),
            ..right()
        };
        let with = |status: &str| {
            let mut world = facts(
                [account("1").paid().plan("pro").columns(columns.clone())],
                [
                    subscription("1", "past_due", "price_pro"),
                    subscription("1", status, "price_seat_a").id("sub_seats"),
                ],
            );
            world.mapped.insert(Field::Seats);
            found(&contract, &world)
        };
        assert_eq!(with("canceled"), [""; 0]);
        assert_eq!(with("past_due"), ["seat-drift user:usr_1"]);
    }
}
