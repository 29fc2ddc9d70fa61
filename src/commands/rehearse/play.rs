//! Every performance of every scenario, side by side where that is asked for, and what it all comes to.

use futures::{StreamExt as _, stream};

use super::{
    Rehearsing, catalog, outcome,
    people::{Bystander, actor, without_customer},
    performing::{Ending, Played, column, perform},
    step,
};
use crate::{
    commands::failure::Failure,
    config::Config,
    contract::{Field, Finding, HandlerRule, Rule},
    fake_stripe::Stage,
    rehearsal::{
        Due, Each, Links, OnRow, Order, Performance, Scenario, Variation, built_in, due,
        endings_differ, fold,
    },
    report::Outcome,
};

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
            contract: &rehearsing.contract.contract,
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
