//! Evaluates a million accounts against a million subscriptions on one core, and measures time and memory.
//!
//! `cargo bench --bench evaluate`. Every world is created and evaluated in a separate process, so that each has its own
//! peak of memory.

use std::{
    env, fs,
    io::{self, Write as _},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use prodverdict::{
    billing::PriceTable,
    contract::{
        Account, AccountColumns, AccountId, Contract, CustomerId, Evaluation, Facts, Field,
        Interval, Item, Period, Plans, Price, Rule, Source, Status, Subscription, SubscriptionId,
        Terms, UnixSeconds, Word, evaluate,
    },
};

const SIZE: u64 = 1_000_000;
const NOW: i64 = 1_793_491_200;
const DAY: i64 = 86_400;

/// The promised limits for a world of this size.
const MAX_SECONDS: Duration = Duration::from_millis(1500);
const MAX_MEBIBYTES: u64 = 400;

/// Number of unmapped prices, among which their subscriptions are spread.
const UNMAPPED_PRICES: u64 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum World {
    /// The columns that every contract maps, without drift.
    Clean,
    /// The columns that every contract maps; one in a hundred accounts drifts for each rule.
    Drift,
    /// Every optional column is mapped too.
    AllColumns,
}

impl World {
    const ALL: [Self; 3] = [Self::Clean, Self::Drift, Self::AllColumns];

    fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Drift => "drift",
            Self::AllColumns => "all-columns",
        }
    }
}

fn main() -> io::Result<()> {
    let wanted = env::args().nth(1).unwrap_or_default();
    if let Some(world) = World::ALL.into_iter().find(|world| world.name() == wanted) {
        return measure(world);
    }
    let mut out = io::stdout();
    writeln!(
        out,
        "{SIZE} accounts, {SIZE} subscriptions, one core; the limits are {:.1} s and {MAX_MEBIBYTES} MiB\n\n\
         {:<12} {:>8} {:>9} {:>10} {:>9}",
        MAX_SECONDS.as_secs_f64(),
        "world",
        "seconds",
        "peak MiB",
        "facts MiB",
        "findings",
    )?;
    out.flush()?;
    for world in World::ALL {
        let status = Command::new(env::current_exe()?)
            .arg(world.name())
            .status()?;
        if !status.success() {
            return Err(io::Error::other(format!(
                "the world `{}` failed",
                world.name()
            )));
        }
    }
    Ok(())
}

fn measure(world: World) -> io::Result<()> {
    let contract = contract();
    let facts = facts(world);
    let of_facts = memory("VmRSS:")?;
    let start = Instant::now();
    let evaluation = evaluate(&contract, &facts, UnixSeconds(NOW));
    let taken = start.elapsed();
    let peak = memory("VmHWM:")?;
    let evaluation = evaluation.map_err(io::Error::other)?;
    assert_reached(world, &evaluation)?;
    let verdict = if taken <= MAX_SECONDS && peak <= MAX_MEBIBYTES {
        ""
    } else {
        "  over the limit"
    };
    writeln!(
        io::stdout(),
        "{:<12} {:>8.2} {:>9} {:>10} {:>9}{verdict}",
        world.name(),
        taken.as_secs_f64(),
        peak,
        of_facts,
        evaluation.findings.len(),
    )
}

/// Checks that the world drifts as intended, or it would measure nothing.
fn assert_reached(world: World, evaluation: &Evaluation) -> io::Result<()> {
    let found = &evaluation.summary.by_rule;
    let expected = |rule: &Rule| match rule {
        Rule::UnmappedFeature
        | Rule::CustomerMismatch
        | Rule::DuplicateSubscription
        | Rule::RefundedAccess
        | Rule::Handler(_) => false,
        Rule::SeatDrift
        | Rule::StatusDrift
        | Rule::StaleSubscriptionId
        | Rule::PeriodDrift
        | Rule::CancelFlagDrift => world == World::AllColumns,
        Rule::RevenueLeak
        | Rule::WrongfulAccess
        | Rule::NoSubscription
        | Rule::PlanDrift
        | Rule::UnmappedPrice
        | Rule::DuplicateCustomer
        | Rule::OrphanSubscription
        | Rule::UnknownStatus
        | Rule::DoubleSubscription
        | Rule::StalePlan
        | Rule::UnlinkedAccess => world != World::Clean,
    };
    for rule in Rule::ALL {
        if expected(&rule) != found.contains_key(&rule) {
            let count = found.get(&rule).copied().unwrap_or_default();
            let problem = format!(
                "{count} findings of `{rule}` in the world `{}`",
                world.name()
            );
            return Err(io::Error::other(problem));
        }
    }
    Ok(())
}

/// Returns a value of `/proc/self/status`, in MiB.
fn memory(line: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let mut lines = status.lines();
    let found = lines.find_map(|text| text.strip_prefix(line));
    let kibibytes =
        found.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibibytes
        .map(|kibibytes| kibibytes / 1024)
        .ok_or_else(|| io::Error::other(format!("no `{line}` in /proc/self/status")))
}

fn contract() -> Contract {
    let plans = [
        ("price_1QpzXkLkdIwHu7ixPro0month", "pro"),
        ("price_1QpzXkLkdIwHu7ixPro00year", "pro"),
        ("price_1QpzXkLkdIwHu7ixTeammonth", "team"),
        ("price_1QpzXkLkdIwHu7ixFree00000", "free"),
    ];
    Contract {
        plans: Plans::by_price(plans),
        ..Contract::new(Source::Stripe)
    }
}

/// Values shared by the rows of one world, as the readers share them.
struct Shared {
    month: Arc<Price>,
    year: Arc<Price>,
    unmapped: Vec<Arc<Price>>,
    pro: Word,
    free: Word,
    active: Word,
}

impl Shared {
    fn new() -> Self {
        let price = |id: &str, unit_amount, interval| {
            Arc::new(Price {
                product: Some("prod_PcYk3nA8sTq1Lx".to_owned()),
                currency: Some("usd".to_owned()),
                unit_amount: Some(unit_amount),
                recurring: Some((interval, 1)),
                ..Price::bare(id)
            })
        };
        let unmapped = (0..UNMAPPED_PRICES).map(|number| {
            price(
                &format!("price_1QpzXkLkdIwHu7ixOther{number:04}"),
                900,
                Interval::Month,
            )
        });
        Self {
            month: price("price_1QpzXkLkdIwHu7ixPro0month", 2900, Interval::Month),
            year: price("price_1QpzXkLkdIwHu7ixPro00year", 29000, Interval::Year),
            unmapped: unmapped.collect(),
            pro: "pro".into(),
            free: "free".into(),
            active: "active".into(),
        }
    }
}

/// Returns the drift of an account and its customer; each kind affects one in a hundred.
fn drift(world: World, number: u64) -> Option<Rule> {
    let rule = Rule::ALL
        .get(usize::try_from(number % 100).ok()?)
        .copied()?;
    let needs_columns = matches!(
        rule,
        Rule::SeatDrift
            | Rule::StatusDrift
            | Rule::StaleSubscriptionId
            | Rule::PeriodDrift
            | Rule::CancelFlagDrift
    );
    match world {
        World::Clean => None,
        World::Drift if needs_columns => None,
        World::Drift | World::AllColumns => Some(rule),
    }
}

/// Creates one account and one subscription per number, changed by its drift.
fn facts(world: World) -> Facts {
    let shared = Shared::new();
    let mut prices = PriceTable::default();
    let mut facts = Facts {
        mapped: [Field::Plan].into(),
        ..Facts::default()
    };
    if world == World::AllColumns {
        facts.mapped.extend(Field::ALL);
    }
    let size = usize::try_from(SIZE).unwrap_or_default();
    facts.accounts.reserve_exact(size);
    facts.subscriptions.reserve_exact(size);
    for number in 0..SIZE {
        let drift = drift(world, number);
        let account = account(number, drift, world, &shared);
        facts.accounts.push(account);
        facts
            .subscriptions
            .push(subscription(number, drift, &shared, &mut prices));
    }
    facts
}

fn account(number: u64, drift: Option<Rule>, world: World, shared: &Shared) -> Account {
    let customer = match drift {
        Some(Rule::DuplicateCustomer) => Some(customer_id(number + 50)),
        Some(Rule::UnlinkedAccess | Rule::OrphanSubscription) => None,
        Some(Rule::NoSubscription) => Some(CustomerId::from(format!("cus_N{number:013}"))),
        _ => Some(customer_id(number)),
    };
    let paid = !matches!(
        drift,
        Some(Rule::RevenueLeak | Rule::StalePlan | Rule::OrphanSubscription)
    );
    let plan = match drift {
        Some(Rule::PlanDrift) => &shared.free,
        _ => &shared.pro,
    };
    Account {
        id: account_id(number),
        customer,
        paid,
        exempt: false,
        plan: Some(plan.clone()),
        columns: (world == World::AllColumns).then(|| Box::new(columns(number, drift, shared))),
    }
}

fn columns(number: u64, drift: Option<Rule>, shared: &Shared) -> AccountColumns {
    // An account that shares a customer has the subscription of the other account.
    let of = match drift {
        Some(Rule::DuplicateCustomer) => number + 50,
        Some(Rule::StaleSubscriptionId) => number + 1,
        _ => number,
    };
    AccountColumns {
        seats: Some(if drift == Some(Rule::SeatDrift) { 2 } else { 1 }),
        status: Some(match drift {
            Some(Rule::StatusDrift) => "trialing".into(),
            _ => shared.active.clone(),
        }),
        subscription_id: Some(subscription_id(of)),
        period_end: Some(UnixSeconds(match drift {
            Some(Rule::PeriodDrift) => NOW,
            _ => NOW + 20 * DAY,
        })),
        cancel_at_period_end: drift == Some(Rule::CancelFlagDrift),
        updated_at: Some(UnixSeconds(NOW - DAY)),
        ..AccountColumns::default()
    }
}

fn subscription(
    number: u64,
    drift: Option<Rule>,
    shared: &Shared,
    prices: &mut PriceTable,
) -> Subscription {
    let status = match drift {
        Some(Rule::WrongfulAccess | Rule::StalePlan) => Status::Canceled,
        Some(Rule::UnknownStatus) => Status::parse("halted"),
        _ => Status::Active,
    };
    let price = match drift {
        Some(Rule::UnmappedPrice) => {
            let of = usize::try_from(number / 100 % UNMAPPED_PRICES).unwrap_or_default();
            shared.unmapped.get(of).unwrap_or(&shared.month)
        }
        _ if number.is_multiple_of(3) => &shared.year,
        _ => &shared.month,
    };
    // A second subscription of the customer of another account.
    let customer = match drift {
        Some(Rule::DoubleSubscription) => number + 50,
        _ => number,
    };
    Subscription {
        id: subscription_id(number),
        customer: customer_id(customer),
        created: UnixSeconds(NOW - 400 * DAY),
        ended_at: (status == Status::Canceled).then(|| UnixSeconds(NOW - DAY).into()),
        period: Some(Period::new(
            UnixSeconds(NOW - 10 * DAY),
            UnixSeconds(NOW + 20 * DAY),
        )),
        details: None,
        terms: prices.share_terms(Terms {
            status,
            cancel_scheduled: Some(false),
            only_cancel_at: false,
            pause: None,
            days_until_due: None,
            on_test_clock: false,
            items: Box::new([Item {
                price: Arc::clone(price),
                quantity: Some(1),
            }]),
        }),
    }
}

/// Mixes the bits of a number, so that ids share no prefixes beyond the provider's.
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn account_id(number: u64) -> AccountId {
    let hex = format!("{:016x}{:016x}", mixed(number), mixed(!number));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    AccountId::from(format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    ))
}

/// Returns an id of 18 characters.
fn customer_id(number: u64) -> CustomerId {
    CustomerId::from(format!("cus_{:014x}", mixed(number) & 0xff_ffff_ffff_ffff))
}

/// Returns an id of 28 characters.
fn subscription_id(number: u64) -> SubscriptionId {
    SubscriptionId::from(format!("sub_1QpzXkLk{:016x}", mixed(number)))
}
