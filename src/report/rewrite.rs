//! An outcome with every text of it passed through a function.

use std::collections::BTreeMap;

use crate::{
    baseline::{Since, Standing},
    contract::{Finding, Subject, Summary},
    problem::{Place, Problem},
};

use super::{
    Cell, CellChange, CellValue, Change, ContractOutcome, Outcome, PlayedScenario, Rehearsed,
    Repair, Reported, RowRepair,
};

/// Rewrites every text that others wrote. Fingerprints and the currencies of amounts stay.
pub(super) fn outcome(outcome: &Outcome, text: &impl Fn(&str) -> String) -> Outcome {
    Outcome {
        verdict: outcome.verdict,
        contracts: outcome
            .contracts
            .iter()
            .map(|one| contract(one, text))
            .collect(),
        problems: outcome
            .problems
            .iter()
            .map(|one| problem(one, text))
            .collect(),
        warnings: outcome
            .warnings
            .iter()
            .map(|one| problem(one, text))
            .collect(),
        rehearsal: outcome.rehearsal.as_ref().map(|one| rehearsed(one, text)),
        since: outcome.since.as_ref().map(|since| Since {
            source: text(&since.source),
            ..since.clone()
        }),
    }
}

fn rehearsed(rehearsed: &Rehearsed, text: &impl Fn(&str) -> String) -> Rehearsed {
    let scenarios = rehearsed.scenarios.iter();
    let scenario = |one: &PlayedScenario| PlayedScenario {
        id: text(&one.id),
        title: text(&one.title),
        ends: text(&one.ends),
        left_out: one.left_out.iter().map(|reason| text(reason)).collect(),
        ..one.clone()
    };
    Rehearsed {
        scenarios: scenarios.map(scenario).collect(),
    }
}

fn contract(contract: &ContractOutcome, text: &impl Fn(&str) -> String) -> ContractOutcome {
    ContractOutcome {
        name: text(&contract.name),
        source: contract.source,
        verdict: contract.verdict,
        fail_on: contract.fail_on,
        advice: contract
            .advice
            .iter()
            .map(|one| problem(one, text))
            .collect(),
        findings: contract
            .findings
            .iter()
            .map(|found| reported(found, text))
            .collect(),
        summary: summary(&contract.summary, text),
        problem: contract.problem.as_ref().map(|one| problem(one, text)),
        named: contract.named.iter().map(|name| text(name)).collect(),
    }
}

fn reported(found: &Reported, text: &impl Fn(&str) -> String) -> Reported {
    let change = |change: &Change| Change {
        path: text(&change.path),
        line: change.line,
        does: text(&change.does),
    };
    Reported {
        finding: finding(&found.finding, text),
        place: found.place.as_ref().map(|one| place(one, text)),
        standing: found.standing.as_ref().map(|one| standing(one, text)),
        changes: found.changes.iter().map(change).collect(),
        repair: found.repair.as_ref().map(|one| repair(one, text)),
    }
}

fn repair(repair: &Repair, text: &impl Fn(&str) -> String) -> Repair {
    let cell = |cell: &Cell| Cell {
        column: text(&cell.column),
        kind: cell.kind,
        value: cell.value.as_deref().map(text),
    };
    let change = |change: &CellChange| CellChange {
        before: cell(&change.before),
        after: match &change.after {
            CellValue::Text(value) => CellValue::Text(text(value)),
            CellValue::Moment(seconds) => CellValue::Moment(*seconds),
        },
    };
    match repair {
        Repair::ByHand(why) => Repair::ByHand(text(why)),
        Repair::Row(row) => Repair::Row(Box::new(RowRepair {
            database: text(&row.database),
            table: row.table.iter().map(|part| text(part)).collect(),
            time_zone: text(&row.time_zone),
            id: cell(&row.id),
            seen: row.seen.iter().map(cell).collect(),
            changes: row.changes.iter().map(change).collect(),
        })),
    }
}

pub(super) fn standing(standing: &Standing, text: &impl Fn(&str) -> String) -> Standing {
    match standing {
        Standing::Accepted { reason, until } => Standing::Accepted {
            reason: text(reason),
            until: until.as_deref().map(text),
        },
        Standing::New | Standing::Known => standing.clone(),
    }
}

pub(super) fn finding(finding: &Finding, text: &impl Fn(&str) -> String) -> Finding {
    let subject = &finding.subject;
    let name = |name: &Option<String>| name.as_deref().map(text);
    Finding {
        rule: finding.rule,
        severity: finding.severity,
        entity: text(&finding.entity),
        message: text(&finding.message),
        fix: text(&finding.fix),
        subject: Subject {
            account: name(&subject.account),
            customer: name(&subject.customer),
            subscription: name(&subject.subscription),
            status: name(&subject.status),
            price: name(&subject.price),
            plan_found: name(&subject.plan_found),
            plan_expected: name(&subject.plan_expected),
            named: subject.named.iter().map(|name| text(name)).collect(),
        },
        evidence: finding.evidence.iter().map(|fact| text(fact)).collect(),
        amount: finding.amount.clone(),
        items_without_amount: finding.items_without_amount,
        fingerprint: finding.fingerprint.clone(),
    }
}

pub(super) fn problem(problem: &Problem, text: &impl Fn(&str) -> String) -> Problem {
    Problem {
        message: text(&problem.message),
        hint: text(&problem.hint),
        place: problem.place.as_ref().map(|one| place(one, text)),
    }
}

fn place(place: &Place, text: &impl Fn(&str) -> String) -> Place {
    Place {
        path: text(&place.path),
        ..place.clone()
    }
}

fn summary(summary: &Summary, text: &impl Fn(&str) -> String) -> Summary {
    let mut subscriptions = BTreeMap::new();
    for (status, count) in &summary.subscriptions {
        *subscriptions.entry(text(status)).or_default() += count;
    }
    Summary {
        subscriptions,
        ..summary.clone()
    }
}
