//! Performs one play with a separate account, up to the first step that fails.

use fake_stripe::Stage;

use super::{
    Rehearsing,
    progress::{Fate, Unreached},
    row_watch::look,
    step::{self, Memory},
    test_accounts::{TestAccount, UntouchedAccount, actor, snapshots},
};
use crate::{
    commands::failure::Failure,
    contract::{Field, Rule},
    problem::Problem,
    rehearsal::{
        JudgedFinding, Observed, ProviderCall, RowState, ScenarioRun, Step, StepContext, Unplayed,
        Variant, ends_play, judge, worst_then_first,
    },
};

/// Result of one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Played {
    pub(super) findings: Vec<JudgedFinding>,
    pub(super) steps: u64,
    pub(super) events: u64,
    /// The final row, if every step was right.
    pub(super) ending: Option<FinalState>,
    /// True if there was an unsupported request meanwhile that cannot be attributed to a play.
    pub(super) is_doubtful: bool,
    /// True if the rehearsal itself put the row into the paid state.
    pub(super) is_prepared: bool,
    /// True if no other play ran at the same time.
    pub(super) is_alone: bool,
}

impl Played {
    /// Replaces each finding by that of a replay with the same fingerprint.
    pub(super) fn take_findings_of(&mut self, replay: Self) {
        for judged in replay.findings {
            let fingerprint = &judged.finding.fingerprint;
            let mut own = self.findings.iter_mut();
            if let Some(own) = own.find(|own| own.finding.fingerprint == *fingerprint) {
                *own = judged;
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct FinalState {
    pub(super) row: RowState,
    pub(super) account: String,
    pub(super) customer: String,
}

/// A run, and the context to perform it in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Performing<'p> {
    pub(super) run: &'p ScenarioRun<'p>,
    /// Seed of ids.
    pub(super) key: &'p str,
    pub(super) bystanders: &'p [UntouchedAccount],
    /// True if no other play runs at the same time.
    pub(super) is_alone: bool,
    /// The rule that the first purchase breaks.
    pub(super) known: Option<Rule>,
}

/// The reason for an early end.
#[derive(Debug)]
pub(super) enum Halt {
    /// The scenario is invalid.
    Unplayable(Problem),
    /// The whole rehearsal has to stop.
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Plays with a separate account. Stops at the first step that fails, because later failures would be consequences.
pub(super) async fn perform(
    rehearsing: &Rehearsing<'_>,
    performing: Performing<'_>,
) -> Result<Fate, Failure> {
    let steps = &performing.run.play.steps;
    let mut actor = begin(rehearsing, performing).await?;
    let mut memory = remember(rehearsing, &actor, performing).await?;
    let first = steps.iter().enumerate();
    unplayable_as_fate(play_steps(rehearsing, performing, first, (&mut actor, &mut memory)).await)
}

/// Plays without the purchase, by putting the row into the paid state. `None` if that is not possible.
pub(super) async fn perform_prepared(
    rehearsing: &Rehearsing<'_>,
    performing: Performing<'_>,
) -> Result<Option<Fate>, Failure> {
    let steps = &performing.run.play.steps;
    let Some(first) = steps.first() else {
        return Ok(None);
    };
    let mut actor = begin(rehearsing, performing).await?;
    let mut memory = remember(rehearsing, &actor, performing).await?;
    let mut played = Played::default();
    if first.is_signed_otherwise() {
        let observed = step::play(rehearsing, performing, first, &mut actor, &mut memory).await;
        let observed = match observed {
            Ok(observed) => observed,
            Err(halt) => return unplayable_as_fate(Err(halt)).map(Some),
        };
        if observed
            .deliveries
            .iter()
            .any(|one| !one.answer.is_success())
        {
            return Ok(None);
        }
        played.steps = 1;
        played.events = events(performing.run, &observed);
    } else if let Err(halt) =
        step::perform_actions(rehearsing, first, &mut actor, &mut memory).await
    {
        return unplayable_as_fate(Err(halt)).map(Some);
    }
    if !step::pay(rehearsing, first, &actor, &mut memory).await? {
        return Ok(None);
    }
    let rest = steps
        .iter()
        .enumerate()
        .skip(1)
        .take_while(|(_, step)| step.changes_nothing());
    let rest = play_steps(rehearsing, performing, rest, (&mut actor, &mut memory)).await;
    unplayable_as_fate(rest).map(|fate| {
        Some(match fate {
            Fate::Played(rest) => Fate::Played(Played {
                steps: played.steps.saturating_add(rest.steps),
                events: played.events.saturating_add(rest.events),
                is_prepared: true,
                ..rest
            }),
            other @ (Fate::NotReached(_) | Fate::CouldNotTell(_) | Fate::Unplayable(_)) => other,
        })
    })
}

fn unplayable_as_fate(played: Result<Fate, Halt>) -> Result<Fate, Failure> {
    match played {
        Ok(fate) => Ok(fate),
        Err(Halt::Unplayable(problem)) => Ok(Fate::Unplayable(problem)),
        Err(Halt::Failed(failure)) => Err(failure),
    }
}

async fn begin(
    rehearsing: &Rehearsing<'_>,
    performing: Performing<'_>,
) -> Result<TestAccount, Failure> {
    let Performing { run, key, .. } = performing;
    let mut actor = actor(rehearsing, key, stage(rehearsing, run, key)).await?;
    let mut others = performing.bystanders.iter();
    actor.buyer.email_of_another = others.next().map(|one| one.email.clone());
    if let Variant::Price(price) = &run.variant {
        actor.buyer.each = Some(price.clone());
    }
    Ok(actor)
}

async fn remember<'b>(
    rehearsing: &Rehearsing<'_>,
    actor: &TestAccount,
    performing: Performing<'b>,
) -> Result<Memory<'b>, Failure> {
    let bystanders = performing.bystanders;
    let buys = performing.run.play.is_first_purchase(0);
    let known = performing.known.filter(|_| buys);
    Ok(Memory {
        rows: look(rehearsing, &actor.tokens()).await?,
        bystanders,
        bystander_rows: snapshots(rehearsing, bystanders).await?,
        wrong_for: known.into_iter().map(Some).collect(),
        ..Memory::default()
    })
}

async fn play_steps<'p>(
    rehearsing: &Rehearsing<'_>,
    performing: Performing<'p>,
    steps: impl Iterator<Item = (usize, &'p Step)>,
    (actor, memory): (&mut TestAccount, &mut Memory<'_>),
) -> Result<Fate, Halt> {
    let run = performing.run;
    let mut played = Played {
        is_alone: performing.is_alone,
        ..Played::default()
    };
    let mut wrong: Vec<Vec<JudgedFinding>> = Vec::new();
    let last = run.play.steps.len().saturating_sub(1);
    for (index, step) in steps {
        let observed = step::play(rehearsing, performing, step, actor, memory).await?;
        if index == 0 && run.play.is_first_purchase(index) {
            rehearsing.first_sale.get_or_init(|| observed.after.paid);
            // The first scenario waited in vain for this purchase, and for nothing after it.
            memory.wrong_for.clear();
        }
        played.steps += 1;
        played.events += events(run, &observed);
        played.is_doubtful |= memory.is_doubtful;
        if let Some(gap) = unplayed(&observed.calls) {
            return Ok(Fate::CouldNotTell(gap));
        }
        let on = StepContext {
            run,
            step,
            account: &actor.account,
            customer: &actor.buyer.customer,
            secret_env: &rehearsing.settings.secret_env,
            contract: &rehearsing.contract.contract,
        };
        let mut findings = judge(on, &observed);
        if findings.is_empty() && index == last {
            let later = step::late(rehearsing, step, actor, memory, &observed).await?;
            findings = later.map_or_else(Vec::new, |later| judge(on, &later));
            let is_right = findings.is_empty() && wrong.iter().all(Vec::is_empty);
            played.ending = is_right.then(|| ending(actor, observed.after));
        }
        let is_over = ends_play(&findings, rehearsing.fail_on);
        let fails_alike = is_over
            && performing.known.is_some()
            && findings.first().map(|one| one.finding.rule) == performing.known;
        // A handler that accepts no event at all fails for that reason, whatever is played.
        let accepts_nothing = || {
            let mut delivered = memory.delivered.iter();
            delivered.all(|delivery| !delivery.answer.is_success())
        };
        if fails_alike && (run.play.is_first_purchase(index) || accepts_nothing()) {
            return Ok(Fate::NotReached(Unreached::AsTheFirst));
        }
        wrong.push(findings);
        if is_over {
            break;
        }
    }
    played.findings = worst_then_first(&wrong);
    Ok(Fate::Played(played))
}

/// Returns a problem for the first request that the fake does not support.
fn unplayed(calls: &[ProviderCall]) -> Option<Problem> {
    let (call, gap) = calls
        .iter()
        .find_map(|call| Some((call, call.unplayed.as_ref()?)))?;
    let what = match gap {
        Unplayed::Endpoint => "this request".to_owned(),
        Unplayed::Parameter(name) => format!("the parameter `{name}` of this request"),
        Unplayed::Expansion(path) => format!("`expand[]={path}` of this request"),
    };
    Some(
        Problem::new(format!(
            "the fake provider does not support {what}: {} {}",
            call.method, call.target
        ))
        .hint(
            "the handler cannot be judged by its reaction to the response: skip the scenario \
             with `rehearsal.scenarios.skip`, and report the request to the maintainers of \
             prodverdict",
        ),
    )
}

/// Counts the deliveries. Concurrent events may cause a varying number of retries, so each event counts once.
fn events(run: &ScenarioRun<'_>, observed: &Observed) -> u64 {
    let mut ids: Vec<_> = observed.deliveries.iter().map(|one| &one.id).collect();
    if run.variant == Variant::AtOnce {
        ids.sort();
        ids.dedup();
    }
    u64::try_from(ids.len()).unwrap_or_default()
}

fn ending(actor: &TestAccount, row: RowState) -> FinalState {
    FinalState {
        row,
        account: actor.account.clone(),
        customer: actor.buyer.customer.to_string(),
    }
}

pub(super) fn stage(rehearsing: &Rehearsing<'_>, run: &ScenarioRun<'_>, key: &str) -> Stage {
    let listed = match &run.variant {
        // The versions were validated when the rehearsal was opened.
        Variant::Version(version) => version.parse().ok(),
        Variant::None | Variant::Order(_) | Variant::AtOnce | Variant::Price(_) => None,
    };
    Stage {
        clock: rehearsing.begins,
        events_version: listed.unwrap_or_else(|| rehearsing.version.clone()),
        namespace: key.into(),
    }
}

pub(super) fn column<'r>(rehearsing: &'r Rehearsing<'_>, field: Field) -> &'r str {
    rehearsing.contract.contract.column(field)
}
