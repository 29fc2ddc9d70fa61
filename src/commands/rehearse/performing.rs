//! One performance: a play with an account of its own, from its first step to its last or the one that fails.

use super::{
    Rehearsing,
    people::{Actor, Bystander, actor, snapshots},
    rows::look,
    step::{self, Memory},
};
use crate::{
    commands::failure::Failure,
    contract::{ColumnName, Field, Finding},
    fake_stripe::{ApiVersion, Stage},
    rehearsal::{
        Observed, OnRow, Performance, RowState, Shape, Variation, ends_play, judge,
        worst_then_first,
    },
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
    pub(super) ending: Option<Ending>,
}

#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) row: RowState,
    pub(super) account: String,
    pub(super) customer: String,
}

/// One play with an account of its own, whose ids are made from `key`. It ends with the first step that fails:
/// what comes after it would be its consequence.
pub(super) async fn perform(
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
    let mut wrong: Vec<Vec<Finding>> = Vec::new();
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
            contract: &rehearsing.contract.contract,
        };
        let mut findings = judge(on, &observed);
        if findings.is_empty() && index == last {
            let later = step::late(rehearsing, step, &actor, &mut memory, &observed).await?;
            findings = later.map_or_else(Vec::new, |later| judge(on, &later));
            let is_right = findings.is_empty() && wrong.iter().all(Vec::is_empty);
            played.ending = is_right.then(|| ending(&actor, observed.after));
        }
        let is_over = ends_play(&findings, rehearsing.fail_on);
        wrong.push(findings);
        if is_over {
            break;
        }
    }
    played.findings = worst_then_first(wrong);
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

pub(super) fn column<'r>(rehearsing: &'r Rehearsing<'_>, field: Field) -> &'r str {
    match rehearsing.contract.contract.columns.get(&field) {
        Some(ColumnName::Column(name) | ColumnName::In { column: name, .. }) => name,
        Some(ColumnName::Computed) | None => field.as_str(),
    }
}
