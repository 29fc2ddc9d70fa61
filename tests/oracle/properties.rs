//! What holds of every evaluation, whatever the rules say.

use std::sync::Arc;

use prodverdict::contract::{
    Account, AccountColumns, AccountId, Contract, CustomerId, Evaluation, Finding, Item, MatchOn,
    Period, PlanKey, PlanWords, Price, PriceId, PricePattern, Rule, Severity, Source, Subscription,
    SubscriptionId, Terms, Unanswerable, UnixSeconds, Verdict, evaluate,
};
use proptest::prelude::*;

use crate::{
    differential::{cases, fingerprint},
    worlds::{NOW_SECONDS, World, tied_world, world},
};

fn answer(world: &World) -> Result<Evaluation, Unanswerable> {
    evaluate(&world.contract, &world.facts, NOW_SECONDS)
}

/// The world with everything that a reader may hand over in another order in another order.
fn shuffled() -> impl Strategy<Value = (World, World)> {
    tied_world().prop_flat_map(|world| {
        let items: Vec<_> = world
            .facts
            .subscriptions
            .iter()
            .map(|one| Just(one.items.to_vec()).prop_shuffle())
            .collect();
        let facts = world.facts.clone();
        items
            .prop_flat_map(move |items| {
                let mut subscriptions = facts.subscriptions.clone();
                for (subscription, items) in subscriptions.iter_mut().zip(items) {
                    subscription.items = items.into();
                }
                let accounts = Just(facts.accounts.clone()).prop_shuffle();
                (accounts, Just(subscriptions).prop_shuffle())
            })
            .prop_map(move |(accounts, subscriptions)| {
                let mut other = world.clone();
                other.facts.accounts = accounts;
                other.facts.subscriptions = subscriptions;
                (world.clone(), other)
            })
    })
}

/// An account with access and its paying customer, right by every rule; none where the contract lets nobody pay.
fn consistent_pair(contract: &Contract) -> Option<(Account, Subscription)> {
    let is_paid = |plan: &PlanWords| !contract.free_plans.contains(plan.name());
    let bought = if contract.plans.is_empty() {
        Some((PriceId::from("sku_new"), None))
    } else {
        let mut paid = contract.plans.iter().filter(|(_, plan)| is_paid(plan));
        paid.next()
            .map(|(key, plan)| (PriceId::from(key.text.as_str()), Some(plan.name())))
    };
    let (price, plan) = bought?;
    let status = contract.statuses.grant.first()?.clone();
    let end = UnixSeconds(NOW_SECONDS.0 + 1000);
    let id = match contract.source {
        Source::StripeEntitlements => "cus_new",
        Source::Stripe | Source::Paddle => "sub_new",
    };
    let account = Account {
        id: AccountId::from("usr_new"),
        customer: (contract.match_on == MatchOn::CustomerId).then(|| CustomerId::from("cus_new")),
        paid: true,
        exempt: false,
        plan: plan.map(Into::into),
        columns: Some(Box::new(AccountColumns {
            seats: Some(4),
            status: Some(status.as_str().into()),
            subscription_id: Some(SubscriptionId::from(id)),
            period_end: Some(end),
            cancel_at_period_end: true,
            ..AccountColumns::default()
        })),
    };
    let subscription = Subscription {
        id: SubscriptionId::from(id),
        customer: CustomerId::from("cus_new"),
        created: NOW_SECONDS,
        ended_at: None,
        period: Some(Period::new(NOW_SECONDS, end)),
        details: None,
        terms: Arc::new(Terms {
            status,
            cancel_scheduled: Some(true),
            only_cancel_at: false,
            pause: None,
            days_until_due: None,
            on_test_clock: false,
            items: Box::new([Item {
                price: Arc::new(Price {
                    id: price,
                    ..Price::bare("")
                }),
                quantity: Some(4),
            }]),
        }),
    };
    Some((account, subscription))
}

/// Every id and every text of the world, each through `name`.
fn renamed(world: &World, name: &dyn Fn(&str) -> String) -> World {
    let World { contract, facts } = world;
    let mut contract = contract.clone();
    contract.exempt = contract.exempt.iter().map(|id| name(id)).collect();
    contract.plans = contract
        .plans
        .iter()
        .map(|(key, plan)| {
            let text = name(&key.text);
            (
                PlanKey {
                    text,
                    ..key.clone()
                },
                plan.clone(),
            )
        })
        .collect();
    for pattern in &mut contract.ignore_prices {
        match pattern {
            PricePattern::Exact(text) | PricePattern::Prefix(text) => *text = name(text),
        }
    }
    let mut facts = facts.clone();
    for account in &mut facts.accounts {
        account.id = AccountId::from(name(account.id.as_str()));
        if let Some(customer) = &mut account.customer {
            *customer = CustomerId::from(name(customer.as_str()));
        }
        if let Some(id) = account
            .columns
            .as_mut()
            .and_then(|columns| columns.subscription_id.as_mut())
        {
            *id = SubscriptionId::from(name(id.as_str()));
        }
    }
    for subscription in &mut facts.subscriptions {
        subscription.id = SubscriptionId::from(name(subscription.id.as_str()));
        subscription.customer = CustomerId::from(name(subscription.customer.as_str()));
        for item in &mut subscription.items {
            let price = Arc::make_mut(&mut item.price);
            price.id = PriceId::from(name(price.id.as_str()));
        }
    }
    World { contract, facts }
}

/// Another spelling of every kind of id, which keeps their order.
fn respell(text: &str) -> String {
    text.replace("usr_", "acc_")
        .replace("cus_", "ctm_")
        .replace("sub_", "sbs_")
        .replace("price_", "pri_")
}

fn respelled(mut finding: Finding) -> Finding {
    for text in [&mut finding.entity, &mut finding.message, &mut finding.fix] {
        *text = respell(text);
    }
    let subject = &mut finding.subject;
    let parts = [
        &mut subject.account,
        &mut subject.customer,
        &mut subject.subscription,
        &mut subject.price,
    ];
    for part in parts.into_iter().flatten() {
        *part = respell(part);
    }
    for text in subject.named.iter_mut().chain(&mut finding.evidence) {
        *text = respell(text);
    }
    finding.fingerprint = fingerprint(&finding);
    finding
}

/// Swaps the last digit of an id with its complement, which turns the order of ids round.
fn turned(text: &str) -> String {
    let mut start = text.chars();
    match start.next_back().and_then(|last| last.to_digit(10)) {
        Some(digit) if text.contains('_') => format!("{}{}", start.as_str(), 9 - digit),
        _ => text.to_owned(),
    }
}

/// What of a finding does not depend on which ids come first.
fn essence(
    finding: &Finding,
) -> (
    Severity,
    Rule,
    String,
    Option<String>,
    Option<String>,
    String,
) {
    (
        finding.severity,
        finding.rule,
        finding.entity.clone(),
        finding.subject.account.clone(),
        finding.subject.customer.clone(),
        format!("{:?}", finding.amount),
    )
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn the_order_of_the_input_is_irrelevant((world, other) in shuffled()) {
        prop_assert_eq!(answer(&world), answer(&other));
    }

    #[test]
    fn equal_inputs_give_equal_bytes_on_every_thread(world in tied_world()) {
        let here = format!("{:?}", answer(&world));
        prop_assert_eq!(&here, &format!("{:?}", answer(&world.clone())));
        let there = std::thread::spawn(move || format!("{:?}", answer(&world)));
        prop_assert_eq!(here, there.join().unwrap());
    }

    #[test]
    fn an_unrelated_customer_changes_nothing(world in world()) {
        let Ok(before) = answer(&world) else { return Ok(()) };
        let Some((account, subscription)) = consistent_pair(&world.contract) else { return Ok(()) };
        let mut with = world;
        with.facts.accounts.push(account);
        with.facts.subscriptions.insert(0, subscription);
        let mut stranger = with.facts.accounts[0].clone();
        stranger.id = AccountId::from("usr_visitor");
        stranger.customer = None;
        stranger.paid = false;
        stranger.exempt = false;
        stranger.columns = None;
        with.facts.accounts.push(stranger);
        let after = answer(&with);
        prop_assert_eq!(after.map(|after| after.findings), Ok(before.findings));
    }

    #[test]
    fn other_spellings_of_the_ids_change_only_the_spelling(world in world()) {
        let Ok(before) = answer(&world) else { return Ok(()) };
        let after = answer(&renamed(&world, &respell)).unwrap();
        let expected: Vec<_> = before.findings.into_iter().map(respelled).collect();
        prop_assert_eq!(after.findings, expected);
        prop_assert_eq!(after.summary, before.summary);
    }

    #[test]
    fn renaming_ids_permutes_findings(world in world()) {
        let Ok(before) = answer(&world) else { return Ok(()) };
        let after = answer(&renamed(&world, &turned)).unwrap();
        let mut expected: Vec<_> = before.findings.iter().map(|finding| {
            let (severity, rule, entity, account, customer, amount) = essence(finding);
            let turn = |id: Option<String>| id.map(|id| turned(&id));
            (severity, rule, turned(&entity), turn(account), turn(customer), amount)
        }).collect();
        expected.sort();
        let found: Vec<_> = after.findings.iter().map(essence).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(after.summary, before.summary);
    }

    #[test]
    fn exempting_an_account_removes_exactly_its_findings(world in world(), chosen in any::<prop::sample::Index>()) {
        if world.facts.accounts.is_empty() { return Ok(()) }
        let Ok(before) = answer(&world) else { return Ok(()) };
        let chosen = chosen.index(world.facts.accounts.len());
        let id = world.facts.accounts[chosen].id.to_string();
        let mut by_column = world.clone();
        by_column.facts.accounts[chosen].exempt = true;
        let mut by_list = world;
        by_list.contract.exempt.insert(id.clone());
        let after = answer(&by_column);
        prop_assert_eq!(&after, &answer(&by_list));
        let of_accounts = |findings: &[Finding]| -> Vec<Finding> {
            findings.iter().filter(|finding| finding.subject.account.is_some()).cloned().collect()
        };
        let after = after.unwrap();
        let mut expected = of_accounts(&before.findings);
        expected.retain(|finding| finding.subject.account.as_deref() != Some(&id));
        prop_assert_eq!(of_accounts(&after.findings), expected);
        // Findings about a customer go with its last judged account, and none comes.
        for finding in &after.findings {
            let stood = before.findings.iter().any(|other| other.entity == finding.entity && other.rule == finding.rule);
            prop_assert!(stood, "{:?} is new", finding);
        }
        for finding in &before.findings {
            let always_stands = !matches!(
                finding.rule,
                Rule::DuplicateCustomer | Rule::DoubleSubscription | Rule::UnlinkedAccess
            );
            if always_stands && finding.subject.account.is_none() {
                let stands = after.findings.iter().any(|other| other.entity == finding.entity && other.rule == finding.rule);
                prop_assert!(stands, "{:?} went", finding);
            }
        }
    }

    #[test]
    fn the_verdict_follows_the_failing_severity_and_the_findings_do_not(world in world()) {
        let Ok(found) = answer(&world) else { return Ok(()) };
        let fail_on = [None, Some(Severity::High), Some(Severity::Medium), Some(Severity::Low)];
        let verdicts = fail_on.map(|fail_on| Verdict::of(&found.findings, fail_on));
        prop_assert!(verdicts.is_sorted(), "{:?}", verdicts);
        let expected = if found.findings.is_empty() { Verdict::Pass } else { Verdict::Fail };
        prop_assert_eq!(verdicts[3], expected);
        for verdict in verdicts {
            prop_assert!(verdict.exit_status(false) <= verdict.exit_status(true));
        }
        for fail_on in fail_on {
            let mut other = world.clone();
            other.contract.fail_on = fail_on;
            prop_assert_eq!(&answer(&other).unwrap(), &found);
        }
    }
}
