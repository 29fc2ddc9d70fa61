//! The verdict never depends on the plan: random worlds are checked on a full listing, and on the listing that a
//! contract needs followed by lookups.

use std::num::NonZeroU32;

use fake_stripe::{Bulk, FakeStripe, PauseCollection, Subscription, World};
use proptest::prelude::*;
use secrecy::SecretString;

use crate::{
    billing::{BillingReader, Settings},
    contract::{
        Account, AccountColumns, AccountId, CanceledGrace, ColumnName, Contract, CustomerId,
        Evaluation, Facts, Field, Grace, ListingScope, Plans, PricePattern, Rule, Source, Status,
        Statuses, Unanswerable, UnixSeconds, evaluate, follow_up,
    },
    http,
    notice::Progress,
    sources::{ContractProvider, replace_subscriptions, some_customers},
};

pub(super) const NOW: i64 = 1_795_392_000;
const DAY: i64 = 86_400;

/// Number of customers, small enough that accounts often share one.
pub(super) const CUSTOMERS: usize = 7;

/// Status that the provider may add in the future.
pub(super) const NEW_WORD: &str = "suspended";

#[derive(Debug, Clone)]
struct Bought {
    customer: usize,
    status: fake_stripe::Status,
    price: &'static str,
    is_void: bool,
    /// Age in days.
    age: i64,
}

/// The side of the application, with its contract.
#[derive(Debug, Clone)]
pub(super) struct Application {
    pub(super) accounts: Vec<Account>,
    pub(super) contract: Contract,
    maps_status: bool,
}

#[derive(Debug, Clone)]
struct Case {
    bought: Vec<Bought>,
    application: Application,
    /// Number of ended subscriptions of other customers, which make the history longer than one page.
    history: u32,
}

fn bought() -> impl Strategy<Value = Bought> {
    let words = fake_stripe::Status::DOCUMENTED.into_iter();
    let words = words.chain([fake_stripe::Status::Other(NEW_WORD.into())]);
    let prices = [
        "price_pro",
        "price_team",
        "price_free",
        "price_addon_1",
        "price_else",
    ];
    (
        0..CUSTOMERS,
        prop::sample::select(words.collect::<Vec<_>>()),
        prop::sample::select(prices.to_vec()),
        prop::bool::weighted(0.1),
        prop_oneof![Just(5), 0..400_i64],
    )
        .prop_map(|(customer, status, price, is_void, age)| Bought {
            customer,
            status,
            price,
            is_void,
            age,
        })
}

fn accounts() -> impl Strategy<Value = Vec<Account>> {
    let stored = prop::option::of(prop::sample::select(vec!["active", "canceled", ""]));
    let plan = prop::option::of(prop::sample::select(vec!["pro", "team", "free"]));
    let account = (
        prop::option::weighted(0.95, 0..CUSTOMERS + 2),
        any::<bool>(),
        prop::bool::weighted(0.1),
        plan,
        stored,
    );
    let accounts = prop::collection::vec(account, 1..10);
    accounts.prop_map(|accounts| {
        let numbered = accounts.into_iter().enumerate();
        let account = numbered.map(|(number, (customer, paid, exempt, plan, stored))| Account {
            id: AccountId::from(format!("usr_{number}")),
            customer: customer.map(|customer| CustomerId::from(format!("cus_{customer}"))),
            paid,
            exempt,
            plan: plan.map(Into::into),
            columns: Some(Box::new(AccountColumns {
                status: stored.map(Into::into),
                ..AccountColumns::default()
            })),
        });
        account.collect()
    })
}

fn statuses() -> impl Strategy<Value = Statuses> {
    let deny = [Status::PastDue, Status::Canceled, Status::IncompleteExpired];
    prop_oneof![
        4 => Just(Statuses::default()),
        1 => Just(Statuses::new(Some(vec![Status::Active, Status::PastDue]), None)),
        1 => Just(Statuses::new(None, Some(deny.to_vec()))),
        1 => Just(Statuses::new(None, Some(vec![Status::PastDue, Status::Canceled]))),
        1 => Just(Statuses::new(None, Some(vec![Status::PastDue]))),
        1 => Just(Statuses::new(Some(vec![Status::Active, Status::parse(NEW_WORD)]), None)),
        1 => Just(Statuses::new(Some(vec![Status::Active, Status::Canceled]), None)),
    ]
}

fn contracts() -> impl Strategy<Value = Contract> {
    let graces = prop_oneof![
        Just(Grace::default()),
        Just(Grace {
            past_due: Some(20 * DAY),
            canceled: Some(CanceledGrace::For(100 * DAY)),
        }),
        Just(Grace {
            past_due: None,
            canceled: Some(CanceledGrace::UntilPeriodEnd),
        }),
    ];
    let off = prop::collection::btree_set(prop::sample::select(&Rule::ALL[..]), 0..5);
    (statuses(), graces, off, any::<bool>(), any::<bool>()).prop_map(
        |(statuses, grace, off, unknown, plans)| {
            let mut contract = Contract::new(Source::Stripe);
            contract.severities.retain(|rule, _| !off.contains(rule));
            if !unknown {
                contract.severities.remove(&Rule::UnknownStatus);
            }
            if plans {
                let mapped = ["pro", "team", "free"];
                contract.plans =
                    Plans::by_price(mapped.map(|plan| (format!("price_{plan}"), plan)));
                contract.ignore_prices = vec![PricePattern::parse("price_addon_*")];
            }
            contract.statuses = statuses;
            contract.grace = grace;
            contract
        },
    )
}

pub(super) fn applications() -> impl Strategy<Value = Application> {
    (accounts(), contracts(), prop::bool::weighted(0.3)).prop_map(
        |(accounts, mut contract, maps_status)| {
            if maps_status {
                let column = ColumnName::Column("status".to_owned());
                contract.columns.insert(Field::Status, column);
            }
            Application {
                accounts,
                contract,
                maps_status,
            }
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    let history = prop_oneof![1 => Just(0_u32), 4 => 90..260_u32];
    let bought = prop::collection::vec(bought(), 0..14);
    (bought, applications(), history).prop_map(|(bought, application, history)| Case {
        bought,
        application,
        history,
    })
}

impl Case {
    fn world(&self) -> World {
        let mut world = World::new(NOW);
        world.bulk(&Bulk {
            statuses: vec![(fake_stripe::Status::Canceled, 1)],
            prices: vec!["price_addon_1".into()],
            ..Bulk::new(self.history)
        });
        for bought in &self.bought {
            let customer = format!("cus_{}", bought.customer);
            let mut subscription = Subscription::new(&customer, bought.status.clone())
                .created(NOW - bought.age * DAY)
                .price(bought.price);
            if bought.is_void {
                subscription = subscription.with(|details| {
                    details.pause_collection = Some(PauseCollection {
                        behavior: "void".into(),
                        resumes_at: None,
                    });
                });
            }
            world.subscription(subscription);
        }
        world
    }
}

impl Application {
    fn facts(&self) -> Facts {
        let mut facts = Facts {
            accounts: self.accounts.clone(),
            mapped: [Field::Plan].into(),
            ..Facts::default()
        };
        if self.maps_status {
            facts.mapped.insert(Field::Status);
        }
        facts
    }
}

pub(super) fn reader(fake: &FakeStripe) -> BillingReader {
    let settings = Settings {
        base: Some(fake.base_url()),
        requests_per_second: NonZeroU32::new(100_000),
        ..Settings::default()
    };
    let key = SecretString::from("rk_test_fakefakefakefake");
    let client = http::client().expect("a client");
    BillingReader::new(Source::Stripe, client, &key, &settings).expect("a reader")
}

/// Evaluates like a check: a key is considered wrong only after customers were looked up by id.
async fn judge(
    case: &Application,
    reader: &BillingReader,
    facts: &mut Facts,
) -> Result<Evaluation, Unanswerable> {
    let now = UnixSeconds(NOW);
    let judged = evaluate(&case.contract, facts, now);
    if !matches!(judged, Err(Unanswerable::NoCustomerKnown { .. })) {
        return judged;
    }
    let some = some_customers(&facts.accounts);
    facts.customer_known = reader.any_customer_exists(&some).await.expect("an answer");
    evaluate(&case.contract, facts, now)
}

pub(super) async fn on_a_full_listing(
    case: &Application,
    reader: &BillingReader,
) -> Result<Evaluation, Unanswerable> {
    let mut facts = case.facts();
    let read = reader.read_all(&[], &|_| {}).await.expect("a listing");
    facts.subscriptions = read.subscriptions;
    judge(case, reader, &mut facts).await
}

pub(super) async fn on_a_plan(
    case: &Application,
    reader: &BillingReader,
) -> Result<Evaluation, Unanswerable> {
    let provider = ContractProvider {
        contract: &case.contract,
        reader,
        progress: &Progress::new(false),
    };
    let mut facts = case.facts();
    let listed = provider.list(&[]).await.expect("a listing");
    facts.subscriptions = listed.facts.subscriptions;
    if !listed.is_everything {
        let settled = provider
            .read_missing(&mut facts, UnixSeconds(NOW), false)
            .await;
        settled.expect("answers");
    }
    judge(case, reader, &mut facts).await
}

/// Lists this scope and looks up every suspect, whatever that costs.
async fn asking_for_each(
    case: &Application,
    reader: &BillingReader,
    scope: &ListingScope,
) -> Result<Evaluation, Unanswerable> {
    let mut facts = case.facts();
    let begun = reader.begin(scope, &[]).await.expect("a plan");
    let read = begun.read(&|_| {}).await.expect("a listing");
    facts.subscriptions = read.subscriptions;
    let open = follow_up(&case.contract, &facts, UnixSeconds(NOW));
    if open.no_known_customer {
        let some = some_customers(&facts.accounts);
        facts.customer_known = reader.any_customer_exists(&some).await.expect("an answer");
    }
    if open.no_known_customer && !facts.customer_known {
        // Former customers distinguish a key that belongs to another account from an application without customers.
        let all = reader.read_all(&[], &|_| {}).await;
        facts.subscriptions = all.expect("a listing").subscriptions;
        return judge(case, reader, &mut facts).await;
    }
    let again = reader.read_customers(&open.customers).await;
    replace_subscriptions(
        &mut facts,
        &open.customers,
        again.expect("answers").subscriptions,
    );
    judge(case, reader, &mut facts).await
}

/// Returns the smallest scope that the contract needs, and a larger one without status filter.
fn scopes(contract: &Contract) -> Vec<ListingScope> {
    let least = contract.listing_scope();
    let more = match &least {
        ListingScope::Statuses(statuses) => Some(ListingScope::NotCanceled {
            statuses: statuses
                .iter()
                .filter(|status| **status == Status::IncompleteExpired)
                .cloned()
                .collect(),
        }),
        ListingScope::Everything | ListingScope::NotCanceled { .. } => None,
    };
    [least].into_iter().chain(more).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_finds_the_same_as_a_full_listing(case in cases()) {
        let fake = FakeStripe::start_anywhere(case.world()).expect("the fake starts");
        let reader = reader(&fake);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let findings = |judged: Result<Evaluation, Unanswerable>| judged.map(|evaluation| evaluation.findings);
        let full = findings(runtime.block_on(on_a_full_listing(&case.application, &reader)));
        let planned = findings(runtime.block_on(on_a_plan(&case.application, &reader)));
        prop_assert_eq!(&planned, &full);
        for scope in scopes(&case.application.contract) {
            let looked_up = findings(runtime.block_on(asking_for_each(&case.application, &reader, &scope)));
            prop_assert_eq!(&looked_up, &full, "{:?}", scope);
        }
    }
}

#[tokio::test]
async fn the_history_is_not_read_unless_needed() {
    let fake = FakeStripe::start_anywhere(World::new(NOW)).expect("the fake starts");
    fake.world(|world| {
        world.bulk(&Bulk {
            statuses: vec![
                (fake_stripe::Status::Canceled, 19),
                (fake_stripe::Status::Active, 1),
            ],
            ..Bulk::new(3_000)
        });
    });
    let reader = reader(&fake);
    let scope = Contract::new(Source::Stripe).listing_scope();
    let begun = reader.begin(&scope, &[]).await.expect("a plan");
    let guessed = begun.plan().requests();
    assert!(!begun.plan().is_everything);
    let read = begun.read(&|_| {}).await.expect("a listing");
    let sent = reader.requests();
    assert!((100..200).contains(&read.subscriptions.len()));
    assert!(sent <= 10 && guessed <= 10, "{sent} requests of {guessed}");
}
