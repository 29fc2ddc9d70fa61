//! Applies a function to every text of an outcome.

use std::{cell::Cell, collections::BTreeMap};

use compact_str::CompactString;

use crate::{
    baseline::{FindingStatus, Since},
    contract::{EventMention, Finding, Mentions, PaymentShare, Subject, Summary, Word},
    problem::{Place, Problem},
};

use super::{
    CellChange, CellValue, Change, ContractOutcome, Outcome, PlayedScenario, Rehearsed, Repair,
    RepairCell as RowCell, Reported, RowRepair,
};

/// Rewrites every text of external origin. Fingerprints and the currencies of amounts stay. Every struct is
/// destructured, so that a new field does not compile until somebody decides about it.
pub(super) fn outcome(outcome: &Outcome, text: &impl Fn(&str) -> String) -> Outcome {
    let Outcome {
        verdict,
        contracts,
        problems,
        warnings,
        rehearsal,
        since: compared,
    } = outcome;
    Outcome {
        verdict: *verdict,
        contracts: contracts.iter().map(|one| contract(one, text)).collect(),
        problems: problems.iter().map(|one| problem(one, text)).collect(),
        warnings: warnings.iter().map(|one| problem(one, text)).collect(),
        rehearsal: rehearsal.as_ref().map(|one| rehearsed(one, text)),
        since: compared.as_ref().map(|one| since(one, text)),
    }
}

/// Returns true if `is` holds for any text of the outcome. Visits one finding at a time to save memory.
pub(super) fn any(outcome: &Outcome, is: &impl Fn(&str) -> bool) -> bool {
    let found = Cell::new(false);
    let look = |text: &str| {
        found.set(found.get() || is(text));
        String::new()
    };
    let Outcome {
        verdict: _,
        contracts,
        problems,
        warnings,
        rehearsal,
        since: compared,
    } = outcome;
    for one in contracts {
        for found in &one.findings {
            drop(reported(found, &look));
        }
        drop(contract_with(one, Vec::new(), &look));
    }
    for one in problems.iter().chain(warnings) {
        drop(problem(one, &look));
    }
    drop(rehearsal.as_ref().map(|one| rehearsed(one, &look)));
    drop(compared.as_ref().map(|one| since(one, &look)));
    found.get()
}

pub(super) fn since(since: &Since, text: &impl Fn(&str) -> String) -> Since {
    let Since {
        source,
        fixed,
        lets_known_pass,
    } = since;
    Since {
        source: text(source),
        fixed: *fixed,
        lets_known_pass: *lets_known_pass,
    }
}

fn rehearsed(rehearsed: &Rehearsed, text: &impl Fn(&str) -> String) -> Rehearsed {
    let Rehearsed { scenarios } = rehearsed;
    Rehearsed {
        scenarios: scenarios.iter().map(|one| scenario(one, text)).collect(),
    }
}

fn scenario(scenario: &PlayedScenario, text: &impl Fn(&str) -> String) -> PlayedScenario {
    let PlayedScenario {
        id,
        title,
        ends,
        result,
        left_out,
        plays,
        steps,
        events,
    } = scenario;
    PlayedScenario {
        id: text(id),
        title: text(title),
        ends: text(ends),
        result: *result,
        left_out: left_out.iter().map(|reason| text(reason)).collect(),
        plays: *plays,
        steps: *steps,
        events: *events,
    }
}

fn contract(contract: &ContractOutcome, text: &impl Fn(&str) -> String) -> ContractOutcome {
    let findings = contract.findings.iter();
    let findings = findings.map(|found| reported(found, text)).collect();
    contract_with(contract, findings, text)
}

/// Rewrites the contract, except that its findings are already rewritten.
fn contract_with(
    contract: &ContractOutcome,
    rewritten: Vec<Reported>,
    text: &impl Fn(&str) -> String,
) -> ContractOutcome {
    let ContractOutcome {
        name,
        source,
        verdict,
        fail_on,
        advice,
        findings: _,
        summary: numbers,
        problem: unanswered,
        named,
    } = contract;
    ContractOutcome {
        name: text(name),
        source: *source,
        verdict: *verdict,
        fail_on: *fail_on,
        advice: advice.iter().map(|one| problem(one, text)).collect(),
        findings: rewritten,
        summary: summary(numbers, text),
        problem: unanswered.as_ref().map(|one| problem(one, text)),
        named: named.iter().map(|name| text(name)).collect(),
    }
}

fn reported(found: &Reported, text: &impl Fn(&str) -> String) -> Reported {
    let Reported {
        finding: finding_of,
        place: at,
        standing: stands,
        changes,
        repair: repaired,
    } = found;
    Reported {
        finding: finding(finding_of, text),
        place: at.as_ref().map(|one| place(one, text)),
        standing: stands.as_ref().map(|one| standing(one, text)),
        changes: changes.iter().map(|one| change(one, text)).collect(),
        repair: repaired.as_ref().map(|one| repair(one, text)),
    }
}

fn change(change: &Change, text: &impl Fn(&str) -> String) -> Change {
    let Change { path, line, does } = change;
    Change {
        path: text(path),
        line: *line,
        does: text(does),
    }
}

pub(super) fn repair(repair: &Repair, text: &impl Fn(&str) -> String) -> Repair {
    let change = |change: &CellChange| {
        let CellChange { before, after } = change;
        CellChange {
            before: cell(before, text),
            after: match after {
                CellValue::Text(value) => CellValue::Text(text(value)),
                CellValue::Moment(seconds) => CellValue::Moment(*seconds),
            },
        }
    };
    match repair {
        Repair::ByHand(why) => Repair::ByHand(text(why)),
        Repair::Row(row) => {
            let RowRepair {
                database,
                table,
                time_zone,
                id,
                seen,
                changes,
            } = row.as_ref();
            Repair::Row(Box::new(RowRepair {
                database: text(database),
                table: table.iter().map(|part| text(part)).collect(),
                time_zone: text(time_zone),
                id: cell(id, text),
                seen: seen.iter().map(|one| cell(one, text)).collect(),
                changes: changes.iter().map(change).collect(),
            }))
        }
    }
}

fn cell(cell: &RowCell, text: &impl Fn(&str) -> String) -> RowCell {
    let RowCell {
        column,
        kind,
        value,
    } = cell;
    RowCell {
        column: text(column),
        kind: *kind,
        value: value.as_deref().map(text),
    }
}

pub(super) fn standing(standing: &FindingStatus, text: &impl Fn(&str) -> String) -> FindingStatus {
    match standing {
        FindingStatus::Accepted { reason, until } => FindingStatus::Accepted {
            reason: text(reason),
            until: until.as_deref().map(text),
        },
        FindingStatus::New | FindingStatus::Known => standing.clone(),
    }
}

pub(super) fn finding(finding: &Finding, text: &impl Fn(&str) -> String) -> Finding {
    let Finding {
        rule,
        severity,
        entity,
        message,
        fix,
        subject: about,
        evidence: _,
        amount,
        items_without_amount,
        shares,
        mentions,
        fingerprint,
    } = finding;
    Finding {
        rule: *rule,
        severity: *severity,
        entity: entity.rewritten(text),
        message: text(message).into(),
        fix: text(fix).into(),
        subject: subject(about, text),
        evidence: finding
            .evidence_lines()
            .iter()
            .map(|fact| text(fact))
            .collect(),
        amount: amount.clone(),
        items_without_amount: *items_without_amount,
        shares: shares.iter().map(|one| share(one, text)).collect(),
        mentions: mentions
            .as_deref()
            .map(|mentions| Box::new(self::mentions(mentions, text))),
        fingerprint: fingerprint.clone(),
    }
}

fn mentions(mentions: &Mentions, text: &impl Fn(&str) -> String) -> Mentions {
    let Mentions { fields, events } = mentions;
    let event = |event: &EventMention| {
        let EventMention {
            kind,
            id,
            is_earlier,
        } = event;
        EventMention {
            kind: text(kind),
            id: id.as_deref().map(text),
            is_earlier: *is_earlier,
        }
    };
    Mentions {
        fields: fields.clone(),
        events: events.iter().map(event).collect(),
    }
}

fn share(share: &PaymentShare, text: &impl Fn(&str) -> String) -> PaymentShare {
    let PaymentShare {
        payer,
        amount,
        items_without_amount,
    } = share;
    PaymentShare {
        payer: text(payer).into(),
        amount: amount.clone(),
        items_without_amount: *items_without_amount,
    }
}

fn subject(subject: &Subject, text: &impl Fn(&str) -> String) -> Subject {
    let Subject {
        account,
        customer,
        subscription,
        status,
        price,
        plan_found,
        plan_expected,
        named,
    } = subject;
    let name = |name: &Option<CompactString>| name.as_deref().map(text).map(Into::into);
    let word = |word: &Option<Word>| word.as_deref().map(text).map(Into::into);
    Subject {
        account: name(account),
        customer: name(customer),
        subscription: name(subscription),
        status: word(status),
        price: word(price),
        plan_found: word(plan_found),
        plan_expected: word(plan_expected),
        named: named.iter().map(|name| text(name)).collect(),
    }
}

pub(super) fn problem(problem: &Problem, text: &impl Fn(&str) -> String) -> Problem {
    let Problem {
        message,
        hint,
        place: at,
    } = problem;
    Problem::new(text(message))
        .hint(text(hint))
        .at(at.as_ref().map(|one| place(one, text)))
}

fn place(place: &Place, text: &impl Fn(&str) -> String) -> Place {
    let Place {
        path,
        line,
        column,
        end_line,
        end_column,
    } = place;
    Place {
        path: text(path),
        line: *line,
        column: *column,
        end_line: *end_line,
        end_column: *end_column,
    }
}

fn summary(summary: &Summary, text: &impl Fn(&str) -> String) -> Summary {
    let Summary {
        accounts,
        linked,
        exempt,
        subscriptions,
        judged,
        by_severity,
        by_rule,
        settled,
        provider_requests,
        on_test_clock,
        paid_not_served,
        served_not_paid,
        items_without_amount,
    } = summary;
    let mut by_status = BTreeMap::new();
    for (status, count) in subscriptions {
        *by_status.entry(text(status)).or_default() += count;
    }
    Summary {
        accounts: *accounts,
        linked: *linked,
        exempt: *exempt,
        subscriptions: by_status,
        judged: judged.clone(),
        by_severity: by_severity.clone(),
        by_rule: by_rule.clone(),
        settled: *settled,
        provider_requests: *provider_requests,
        on_test_clock: *on_test_clock,
        paid_not_served: paid_not_served.clone(),
        served_not_paid: served_not_paid.clone(),
        items_without_amount: *items_without_amount,
    }
}
