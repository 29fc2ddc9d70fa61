//! Every performance of every scenario, side by side where that is asked for, and what it all comes to.

use futures::{StreamExt as _, stream};

use super::{
    Rehearsing, catalog, outcome,
    people::{Actor, Bystander, actor, snapshots, without_customer},
    rows::look,
    step::{self, Memory},
};
use crate::{
    commands::failure::Failure,
    config::Config,
    contract::{ColumnName, Field, Finding, HandlerRule, Rule},
    fake_stripe::{ApiVersion, Stage},
    rehearsal::{
        Due, Each, Links, Observed, OnRow, Order, Performance, RowState, Scenario, Shape,
        Variation, built_in, due, endings_differ, fold, judge,
    },
    report::Outcome,
};

/// The newest version before basil, and basil's first.
const BEFORE_BASIL: &str = "2025-02-24.acacia";

/// What one performance came to.
#[derive(Debug, Clone)]
pub(super) struct Played {
    pub(super) findings: Vec<Finding>,
    pub(super) steps: u64,
    pub(super) events: u64,
    /// The row at the end, where every step went as it has to.
    ending: Option<Ending>,
}

#[derive(Debug, Clone)]
struct Ending {
    row: RowState,
    account: String,
    customer: String,
}

/// What one scenario came to.
#[derive(Debug)]
pub(super) struct ScenarioPlayed<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) left_out: Vec<String>,
    pub(super) played: Vec<Played>,
    pub(super) findings: Vec<Finding>,
}

/// Plays everything that is due.
pub(crate) async fn rehearse(
    rehearsing: &Rehearsing<'_>,
    config: &Config,
    scenarios: &[Scenario],
) -> Result<Outcome, Failure> {
    let contract = &rehearsing.contract.contract;
    let links = Links {
        stored_customer: rehearsing.settings.stores_customer(),
        metadata: rehearsing.settings.names_account(),
    };
    let due: Vec<Due<'_>> = scenarios
        .iter()
        .map(|scenario| due(scenario, contract, &rehearsing.cast, links))
        .collect();
    catalog::tell(rehearsing).await?;
    let bystanders = gather_bystanders(rehearsing, "bystander").await?;
    let performances: Vec<&Performance<'_>> =
        due.iter().flat_map(|due| &due.performances).collect();
    let mut played = side_by_side(rehearsing, &performances, &bystanders).await?;
    if played.iter().any(disturbs) {
        // Somebody writes to rows that are none of its business, and may have been blamed for another's deed. With one
        // job too: the report is the same however many there are.
        let again: Vec<usize> = played
            .iter()
            .enumerate()
            .filter(|(_, played)| !played.findings.is_empty())
            .map(|(index, _)| index)
            .collect();
        for index in again {
            if let (Some(performance), Some(slot)) =
                (performances.get(index), played.get_mut(index))
            {
                // Rows of others would be found by whatever was written to all of them.
                let empty = rehearsing.scratch.start_anew().await;
                empty.map_err(|error| Failure::of(&error))?;
                catalog::tell(rehearsing).await?;
                let key = format!("{}.alone", performance.key);
                let fresh = gather_bystanders(rehearsing, &format!("{key}.bystander")).await?;
                *slot = perform(rehearsing, performance, &key, &fresh).await?;
            }
        }
    }
    let mut rest = played.into_iter();
    let scenarios = scenarios
        .iter()
        .zip(due)
        .map(|(scenario, due)| {
            let mut played: Vec<_> = rest.by_ref().take(due.performances.len()).collect();
            settle_chance(&due, &mut played);
            let mut findings: Vec<Finding> = played
                .iter()
                .flat_map(|one| one.findings.iter().cloned())
                .collect();
            findings.extend(endings(rehearsing, &due, &played));
            ScenarioPlayed {
                scenario,
                left_out: due.left_out,
                played,
                findings: fold(findings),
            }
        })
        .collect();
    Ok(outcome::outcome(rehearsing, config, scenarios))
}

/// Whether events that come at once go wrong is up to chance where one of their orders does: the order tells.
fn settle_chance(due: &Due<'_>, played: &mut [Played]) {
    let broken: Vec<_> = due
        .performances
        .iter()
        .zip(&*played)
        .filter(|(performance, played)| {
            performance.variation != Variation::AtOnce && !played.findings.is_empty()
        })
        .map(|(performance, _)| performance.play)
        .collect();
    for (performance, played) in due.performances.iter().zip(played) {
        if performance.variation == Variation::AtOnce && broken.contains(&performance.play) {
            played.findings.clear();
            played.ending = None;
        }
    }
}

fn disturbs(played: &Played) -> bool {
    let rule = Rule::Handler(HandlerRule::BystanderChanged);
    played.findings.iter().any(|finding| finding.rule == rule)
}

async fn side_by_side(
    rehearsing: &Rehearsing<'_>,
    performances: &[&Performance<'_>],
    bystanders: &[Bystander],
) -> Result<Vec<Played>, Failure> {
    let plays = performances
        .iter()
        .map(|one| perform(rehearsing, one, &one.key, bystanders));
    let played: Vec<Result<Played, Failure>> = stream::iter(plays)
        .buffered(rehearsing.jobs.max(1))
        .collect()
        .await;
    played.into_iter().collect()
}

/// One play with an account of its own, whose ids are made from `key`. It ends with the first step that
/// goes wrong: what comes after it would be its consequence.
async fn perform(
    rehearsing: &Rehearsing<'_>,
    performance: &Performance<'_>,
    key: &str,
    bystanders: &[Bystander],
) -> Result<Played, Failure> {
    let mut actor = actor(rehearsing, key, stage(rehearsing, performance, key)).await?;
    let mut others = bystanders.iter();
    actor.buyer.email_of_another = others.next().map(|one| one.email.clone());
    if let Variation::Price(price) = &performance.variation {
        actor.buyer.each = Some(price.clone());
    }
    let mut memory = Memory {
        rows: look(rehearsing, &actor.tokens()).await?,
        bystanders,
        bystander_rows: snapshots(rehearsing, bystanders).await?,
        ..Memory::default()
    };
    let mut played = Played {
        findings: Vec::new(),
        steps: 0,
        events: 0,
        ending: None,
    };
    let last = performance.play.steps.len().saturating_sub(1);
    for (index, step) in performance.play.steps.iter().enumerate() {
        let observed = step::play(rehearsing, performance, step, &mut actor, &mut memory).await?;
        played.steps += 1;
        played.events += events(performance, &observed);
        let on = OnRow {
            performance,
            step,
            account: &actor.account,
            customer: &actor.buyer.customer,
            secret_env: &rehearsing.settings.secret_env,
            paid_column: paid_column(rehearsing),
        };
        let mut findings = judge(on, &observed);
        if findings.is_empty() && index == last {
            let later = step::late(rehearsing, step, &actor, &mut memory, &observed).await?;
            findings = later.map_or_else(Vec::new, |later| judge(on, &later));
            played.ending = findings.is_empty().then(|| ending(&actor, observed.after));
        }
        if !findings.is_empty() {
            played.findings = findings;
            break;
        }
    }
    Ok(played)
}

/// How many events were delivered. Those that come at once may run into one another, and how often is up to chance.
fn events(performance: &Performance<'_>, observed: &Observed) -> u64 {
    let mut ids: Vec<_> = observed.deliveries.iter().map(|one| &one.id).collect();
    if performance.variation == Variation::AtOnce {
        ids.sort();
        ids.dedup();
    }
    u64::try_from(ids.len()).unwrap_or_default()
}

fn ending(actor: &Actor, row: RowState) -> Ending {
    Ending {
        row,
        account: actor.account.clone(),
        customer: actor.buyer.customer.to_string(),
    }
}

pub(super) fn stage(
    rehearsing: &Rehearsing<'_>,
    performance: &Performance<'_>,
    key: &str,
) -> Stage {
    let older = || BEFORE_BASIL.parse().unwrap_or(ApiVersion::NEWEST);
    let is_old = !rehearsing.version.has_periods_at_items();
    Stage {
        clock: rehearsing.begins,
        events_version: match performance.variation {
            Variation::Shape(Shape::BeforeBasil) if !is_old => older(),
            Variation::Shape(Shape::SinceBasil) if is_old => ApiVersion::NEWEST,
            Variation::Shape(_)
            | Variation::None
            | Variation::Order(_)
            | Variation::AtOnce
            | Variation::Price(_) => rehearsing.version.clone(),
        },
        namespace: key.into(),
    }
}

/// Rows of plays that differ in nothing but order or shape have to end the same.
fn endings(rehearsing: &Rehearsing<'_>, due: &Due<'_>, played: &[Played]) -> Vec<Finding> {
    let own: Vec<&str> = [
        Field::Id,
        Field::CustomerId,
        Field::SubscriptionId,
        Field::UpdatedAt,
    ]
    .into_iter()
    .map(|field| column(rehearsing, field))
    .collect();
    let mut findings = Vec::new();
    let mut first: Option<(&Performance<'_>, &Ending)> = None;
    for (performance, played) in due.performances.iter().zip(played) {
        let Some(ending) = &played.ending else {
            continue;
        };
        let is_compared = performance.play.each == Some(Each::Shape)
            || performance
                .play
                .steps
                .iter()
                .any(|step| step.order == Order::Every);
        let Some(step) = performance.play.steps.last().filter(|_| is_compared) else {
            continue;
        };
        let Some((reference, right)) = first.filter(|(other, _)| other.play == performance.play)
        else {
            first = Some((performance, ending));
            continue;
        };
        let on = OnRow {
            performance,
            step,
            account: &ending.account,
            customer: &ending.customer,
            secret_env: &rehearsing.settings.secret_env,
            paid_column: paid_column(rehearsing),
        };
        findings.extend(endings_differ(
            on,
            (&right.row, &reference.told()),
            (&ending.row, &performance.told()),
            &own,
        ));
    }
    findings
}

fn paid_column<'r>(rehearsing: &'r Rehearsing<'_>) -> &'r str {
    column(rehearsing, Field::HasPaidAccess)
}

fn column<'r>(rehearsing: &'r Rehearsing<'_>, field: Field) -> &'r str {
    match rehearsing.contract.contract.columns.get(&field) {
        Some(ColumnName::Column(name) | ColumnName::In { column: name, .. }) => name,
        Some(ColumnName::Computed) | None => field.as_str(),
    }
}

/// Makes those who have nothing to do with anything: one who never bought, one who is let in without paying, and one
/// who bought as everybody does. Who bought comes first: a handler that writes too much has written to nobody else yet.
async fn gather_bystanders(
    rehearsing: &Rehearsing<'_>,
    key: &str,
) -> Result<Vec<Bystander>, Failure> {
    let paying = paying(rehearsing, &format!("{key}-paying")).await?;
    let free = without_customer(
        rehearsing,
        "an account without a customer",
        &format!("{key}-free"),
    )
    .await?;
    let comped = without_customer(
        rehearsing,
        "an account that is let in without paying",
        &format!("{key}-comped"),
    )
    .await?;
    let is_comped = rehearsing
        .scratch
        .grant(&rehearsing.contract.database, &comped.account)
        .await
        .map_err(|error| Failure::of(&error))?;
    let mut bystanders = vec![free];
    bystanders.extend(is_comped.then_some(comped));
    bystanders.push(paying);
    Ok(bystanders)
}

async fn paying(rehearsing: &Rehearsing<'_>, key: &str) -> Result<Bystander, Failure> {
    let stage = Stage {
        clock: rehearsing.begins,
        events_version: rehearsing.version.clone(),
        namespace: key.into(),
    };
    let mut payer = actor(rehearsing, key, stage).await?;
    let scenarios = built_in().map_err(|error| super::choosing::unreadable(&error))?;
    let first = scenarios.first().and_then(|scenario| {
        let play = scenario.plays.first()?;
        let variation = Variation::None;
        let key = key.to_owned();
        Some((
            Performance {
                scenario,
                play,
                variation,
                key,
            },
            play.steps.first()?,
        ))
    });
    if let Some((performance, step)) = first {
        step::buy(rehearsing, &performance, step, &mut payer).await?;
    }
    Ok(Bystander {
        who: "another customer, who pays",
        tokens: payer.tokens(),
        email: payer.email.clone(),
        account: payer.account,
    })
}
