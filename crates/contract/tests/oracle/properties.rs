//! Properties of every evaluation, whatever the rules are.

use std::sync::Arc;

use contract::{
    Account, AccountColumns, AccountId, Contract, CustomerId, Evaluation, Facts, Finding, Included,
    Item, MatchOn, Metadata, Period, PlanKey, PlanKeyKind, PlanWords, Price, PriceId, PricePattern,
    Rule, Seats, Severity, Source, Subscription, SubscriptionId, Terms, Unanswerable, UnixSeconds,
    Verdict, evaluate,
};
use proptest::prelude::*;

use crate::{
    differential::{cases, fingerprint},
    random::{NOW_SECONDS, World, tied_world, world},
};

fn answer(world: &World) -> Result<Evaluation, Unanswerable> {
    evaluate(&world.contract, &world.facts, NOW_SECONDS)
}

/// An item, with its period if the items have their own.
type ItemWithPeriod = (Item, Option<Option<Period>>);

fn items_with_periods(subscription: &Subscription) -> Vec<ItemWithPeriod> {
    let details = subscription.details.as_deref();
    let periods = details.map_or(&[][..], |details| &details.item_periods);
    let items = subscription.items.iter().enumerate();
    items
        .map(|(place, item)| (item.clone(), periods.get(place).copied()))
        .collect()
}

fn set_items(subscription: &mut Subscription, items: Vec<ItemWithPeriod>) {
    if let Some(details) = &mut subscription.details {
        details.item_periods = items.iter().filter_map(|(_, period)| *period).collect();
    }
    subscription.items = items.into_iter().map(|(item, _)| item).collect();
}

/// Returns a world, and the same world with everything reordered whose order is up to the reader.
fn shuffled() -> impl Strategy<Value = (World, World)> {
    tied_world().prop_flat_map(|world| {
        let items: Vec<_> = world
            .facts
            .subscriptions
            .iter()
            .map(|subscription| Just(items_with_periods(subscription)).prop_shuffle())
            .collect();
        let facts = world.facts.clone();
        items
            .prop_flat_map(move |items| {
                let mut subscriptions = facts.subscriptions.clone();
                for (subscription, items) in subscriptions.iter_mut().zip(items) {
                    set_items(subscription, items);
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

/// Returns a price that matches a key of `plans`.
fn price_of(key: &PlanKey) -> Price {
    let text = key.text.as_str();
    match key.kind {
        PlanKeyKind::Price => Price::bare(text),
        PlanKeyKind::LookupKey => Price {
            lookup_key: Some(text.to_owned()),
            ..Price::bare("sku_new")
        },
        PlanKeyKind::Product => Price {
            product: Some(text.to_owned()),
            ..Price::bare("sku_new")
        },
    }
}

/// Returns a price that gives access, with its plan, or `None` if the contract has no paid plan.
fn paid_price(contract: &Contract) -> Option<(Price, Option<PlanWords>)> {
    if contract.plans.is_empty() {
        return Some((Price::bare("sku_new"), None));
    }
    let is_paid = |plan: &PlanWords| plan.words().all(|word| !contract.free_plans.contains(word));
    let prices = contract.plans.iter().map(|(key, _)| price_of(key));
    let mut plans = prices.filter_map(|price| {
        let plan = contract.plan_of(&price)?.clone();
        Some((price, plan))
    });
    let (price, plan) = plans.find(|(_, plan)| is_paid(plan))?;
    Some((price, Some(plan)))
}

/// Returns the seats that a row should hold for this many units.
fn seats(contract: &Contract, price: &Price, plan: Option<&PlanWords>, units: u64) -> i64 {
    let seats = &contract.seats;
    let listed = seats.prices.as_ref();
    let counts =
        listed.is_none_or(|prices| prices.iter().any(|pattern| pattern.matches(&price.id)));
    let words = plan.into_iter().flat_map(PlanWords::words);
    let included = match &seats.included {
        Included::Number(number) => *number,
        Included::ByPlan(numbers) => words
            .filter_map(|word| numbers.get(word).copied())
            .max()
            .unwrap_or_default(),
    };
    let bought = if counts { units * seats.per_unit } else { 0 };
    i64::try_from(bought + included).unwrap()
}

/// Returns an account with access and its paying customer, correct by every rule.
fn consistent_pair(contract: &Contract) -> Option<(Account, Subscription)> {
    let (price, plan) = paid_price(contract)?;
    let status = contract.statuses.grant.first()?.clone();
    let spelled = contract.status_words.get(&status);
    let spelled = spelled.map_or(status.as_str(), |words| words[0].as_str());
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
        plan: plan.as_ref().map(|plan| plan.name().into()),
        columns: Some(Box::new(AccountColumns {
            seats: Some(seats(contract, &price, plan.as_ref(), 4)),
            status: Some(spelled.into()),
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
                price: Arc::new(price),
                quantity: Some(4),
            }]),
        }),
    };
    Some((account, subscription))
}

/// Passes every id and every text of the world through `name`.
fn renamed(world: &World, name: &dyn Fn(&str) -> String) -> World {
    let World { contract, facts } = world;
    let mut contract = contract.clone();
    contract.exempt = contract.exempt.iter().map(|id| name(id)).collect();
    contract.plans = contract
        .plans
        .iter()
        .map(|(key, plan)| {
            let mut key = key.clone();
            if key.kind == PlanKeyKind::Price {
                key.text = name(&key.text);
            }
            (key, plan.clone())
        })
        .collect();
    let Seats {
        prices,
        unlimited_prices,
        ..
    } = &mut contract.seats;
    let lists = [
        Some(&mut contract.ignore_prices),
        prices.as_mut(),
        unlimited_prices.as_mut(),
    ];
    for pattern in lists.into_iter().flatten().flatten() {
        match pattern {
            PricePattern::Exact(text) | PricePattern::Prefix(text) => *text = name(text),
        }
    }
    let facts = renamed_facts(facts, name);
    World { contract, facts }
}

fn renamed_facts(facts: &Facts, name: &dyn Fn(&str) -> String) -> Facts {
    let customer = |id: &CustomerId| CustomerId::from(name(id.as_str()));
    let metadata = |of: &Metadata| -> Metadata {
        let values = of.iter();
        values
            .map(|(key, value)| (key.clone(), name(value).into()))
            .collect()
    };
    let mut facts = facts.clone();
    for account in &mut facts.accounts {
        account.id = AccountId::from(name(account.id.as_str()));
        account.customer = account.customer.as_ref().map(customer);
        if let Some(columns) = &mut account.columns {
            let stored = columns.subscription_id.as_ref();
            columns.subscription_id = stored.map(|id| SubscriptionId::from(name(id.as_str())));
            columns.other_customers = columns.other_customers.iter().map(customer).collect();
        }
    }
    for subscription in &mut facts.subscriptions {
        subscription.id = SubscriptionId::from(name(subscription.id.as_str()));
        subscription.customer = CustomerId::from(name(subscription.customer.as_str()));
        for item in &mut subscription.items {
            let price = Arc::make_mut(&mut item.price);
            price.id = PriceId::from(name(price.id.as_str()));
        }
        if let Some(details) = &mut subscription.details {
            details.metadata = metadata(&details.metadata);
        }
    }
    let of_customers = facts.customer_metadata.iter();
    facts.customer_metadata = of_customers
        .map(|(id, of)| (customer(id), metadata(of)))
        .collect();
    facts
}

/// Changes the spelling of every kind of id but not their order. Those of prices keep their length, because `plans`
/// compares lengths.
fn respell(text: &str) -> String {
    text.replace("usr_", "acc_")
        .replace("cus_", "ctm_")
        .replace("sub_", "sbs_")
        .replace("price_", "pryce_")
}

fn respelled(mut finding: Finding) -> Finding {
    let evidence = finding.evidence_lines();
    finding.entity = finding.entity.rewritten(respell);
    finding.message = respell(&finding.message).into();
    finding.fix = respell(&finding.fix).into();
    let subject = &mut finding.subject;
    let parts = [
        &mut subject.account,
        &mut subject.customer,
        &mut subject.subscription,
    ];
    for part in parts.into_iter().flatten() {
        *part = respell(part).into();
    }
    for text in &mut subject.named {
        *text = respell(text);
    }
    subject.price = subject.price.as_deref().map(|price| respell(price).into());
    for share in &mut finding.shares {
        share.payer = respell(&share.payer).into();
    }
    finding.evidence = evidence.iter().map(|line| respell(line)).collect();
    finding.fingerprint = fingerprint(&finding).into();
    finding
}

/// Replaces the last digit of an id by its complement, which reverses the order of ids.
fn turned(text: &str) -> String {
    let mut start = text.chars();
    match start.next_back().and_then(|last| last.to_digit(10)) {
        Some(digit) if text.contains('_') => format!("{}{}", start.as_str(), 9 - digit),
        _ => text.to_owned(),
    }
}

/// Returns true if an account has several customers.
fn has_lists(world: &World) -> bool {
    let accounts = world.facts.accounts.iter();
    let mut columns = accounts.filter_map(|account| account.columns.as_deref());
    columns.any(|columns| !columns.other_customers.is_empty())
}

/// Returns the parts of a finding that do not depend on the order of ids.
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
    // The customer is the first of several that pay for the account.
    let is_first = finding.rule == Rule::CustomerMismatch;
    let customer = finding.subject.customer.as_deref().map(str::to_owned);
    let amount = format!("{:?}", finding.amount);
    (
        finding.severity,
        finding.rule,
        finding.entity.to_string(),
        finding.subject.account.as_deref().map(str::to_owned),
        customer.filter(|_| !is_first),
        if is_first { String::new() } else { amount },
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
        // Entitlements are all equally new: of several customers, the id decides which one a finding names.
        if world.contract.source == Source::StripeEntitlements && has_lists(&world) { return Ok(()) }
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
        // Findings about a customer disappear with its last judged account. The only new one may be the orphan that was
        // a mismatch before.
        for finding in &after.findings {
            if finding.rule == Rule::OrphanSubscription { continue }
            let stood = before.findings.iter().any(|other| other.entity == finding.entity && other.rule == finding.rule);
            prop_assert!(stood, "{:?} is new", finding);
        }
        for finding in &before.findings {
            let always_stands = !matches!(
                finding.rule,
                Rule::DuplicateCustomer
                    | Rule::DuplicateSubscription
                    | Rule::DoubleSubscription
                    | Rule::UnlinkedAccess
            );
            if always_stands && finding.subject.account.is_none() {
                let stands = after.findings.iter().any(|other| other.entity == finding.entity && other.rule == finding.rule);
                prop_assert!(stands, "{:?} went", finding);
            }
        }
    }

    #[test]
    fn fail_on_changes_the_verdict_only(world in world()) {
        let Ok(found) = answer(&world) else { return Ok(()) };
        let fail_on = [None, Some(Severity::High), Some(Severity::Medium), Some(Severity::Low)];
        let verdicts = fail_on.map(|fail_on| Verdict::from_findings(&found.findings, fail_on));
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
