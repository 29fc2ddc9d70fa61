//! Rewrites every text of an outcome: the traversal that masking and redaction share.

use std::{cell::Cell, collections::BTreeMap};

use compact_str::CompactString;

use baseline::{FindingStatus, Since};
use contract::{EventMention, Finding, Mentions, PaymentShare, Subject, Summary, Word};
use problem::{Message, Place};

use super::{
    CellChange, CellValue, Change, ContractOutcome, Outcome, PlayedScenario, Provenance, Rehearsed,
    Repair, RepairCell as RowCell, Reported, RowRepair,
};

/// Kind of a text, by what it can say about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    /// A path, a status, or a name that the team gave. It identifies nobody.
    Name,
    /// The id of an account, a customer or a subscription.
    Id,
    /// Text that may mention ids.
    Prose,
}

/// Rewrites the texts of an outcome, and creates the rewriters of parts that need a separate one.
pub(super) trait TextRewriter: Sized {
    fn text(&self, kind: TextKind, text: &str) -> String;

    /// Returns the rewriter of the contract's texts, apart from its findings.
    fn for_contract(&self, contract: &ContractOutcome) -> Self;

    /// Returns the rewriter of a finding's texts.
    fn for_finding(&self, finding: &Finding) -> Self;
}

/// Rewrites every text of external origin. Fingerprints and the currencies of amounts stay. Every struct is
/// destructured, so that a new field does not compile until somebody decides about it.
pub(super) fn outcome(outcome: &Outcome, rewriter: &impl TextRewriter) -> Outcome {
    let Outcome {
        verdict,
        contracts,
        problems,
        warnings,
        rehearsal,
        since: compared,
        provenance,
        are_changes_known,
    } = outcome;
    Outcome {
        verdict: *verdict,
        contracts: contracts
            .iter()
            .map(|outcome| contract(outcome, rewriter))
            .collect(),
        problems: problems
            .iter()
            .map(|problem| message(problem, rewriter))
            .collect(),
        warnings: warnings
            .iter()
            .map(|warning| message(warning, rewriter))
            .collect(),
        rehearsal: rehearsal
            .as_ref()
            .map(|rehearsal| rehearsed(rehearsal, rewriter)),
        since: compared.as_ref().map(|compared| since(compared, rewriter)),
        provenance: provenance
            .as_ref()
            .map(|provenance| origin(provenance, rewriter)),
        are_changes_known: *are_changes_known,
    }
}

/// Looks for a text, and rewrites nothing.
struct Search<'s, F>(&'s Cell<bool>, &'s F);

impl<F: Fn(&str) -> bool> TextRewriter for Search<'_, F> {
    fn text(&self, _: TextKind, text: &str) -> String {
        let Self(found, is) = self;
        found.set(found.get() || is(text));
        String::new()
    }

    fn for_contract(&self, _: &ContractOutcome) -> Self {
        Self(self.0, self.1)
    }

    fn for_finding(&self, _: &Finding) -> Self {
        Self(self.0, self.1)
    }
}

/// Returns true if `is` holds for any text of the outcome. Visits one finding at a time to save memory.
pub(super) fn any(outcome: &Outcome, is: &impl Fn(&str) -> bool) -> bool {
    let found = Cell::new(false);
    let search = Search(&found, is);
    for contract in &outcome.contracts {
        for found in &contract.findings {
            drop(reported(found, &search));
        }
        drop(contract_with(contract, Vec::new(), &search));
    }
    let of_run = Outcome {
        verdict: outcome.verdict,
        contracts: Vec::new(),
        problems: outcome.problems.clone(),
        warnings: outcome.warnings.clone(),
        rehearsal: outcome.rehearsal.clone(),
        since: outcome.since.clone(),
        provenance: outcome.provenance.clone(),
        are_changes_known: outcome.are_changes_known,
    };
    drop(self::outcome(&of_run, &search));
    found.get()
}

fn origin(provenance: &Provenance, to: &impl TextRewriter) -> Provenance {
    let Provenance {
        version,
        checked_at,
        config,
    } = provenance;
    Provenance {
        version: to.text(TextKind::Name, version),
        checked_at: *checked_at,
        config: to.text(TextKind::Name, config),
    }
}

fn since(since: &Since, to: &impl TextRewriter) -> Since {
    let Since {
        source,
        fixed,
        lets_known_pass,
    } = since;
    Since {
        source: to.text(TextKind::Prose, source),
        fixed: *fixed,
        lets_known_pass: *lets_known_pass,
    }
}

fn rehearsed(rehearsed: &Rehearsed, to: &impl TextRewriter) -> Rehearsed {
    let Rehearsed { scenarios } = rehearsed;
    Rehearsed {
        scenarios: scenarios
            .iter()
            .map(|played| scenario(played, to))
            .collect(),
    }
}

fn scenario(scenario: &PlayedScenario, to: &impl TextRewriter) -> PlayedScenario {
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
        id: to.text(TextKind::Name, id),
        title: to.text(TextKind::Name, title),
        ends: to.text(TextKind::Name, ends),
        result: *result,
        left_out: left_out
            .iter()
            .map(|reason| to.text(TextKind::Prose, reason))
            .collect(),
        plays: *plays,
        steps: *steps,
        events: *events,
    }
}

fn contract(contract: &ContractOutcome, to: &impl TextRewriter) -> ContractOutcome {
    let findings = contract.findings.iter();
    let findings = findings.map(|found| reported(found, to)).collect();
    contract_with(contract, findings, to)
}

/// Rewrites the contract, except that its findings are already rewritten.
fn contract_with(
    contract: &ContractOutcome,
    rewritten: Vec<Reported>,
    to: &impl TextRewriter,
) -> ContractOutcome {
    let ContractOutcome {
        name,
        source,
        mode,
        account_link,
        verdict,
        fail_on,
        advice,
        findings: _,
        summary: numbers,
        problem: unanswered,
        named,
    } = contract;
    let to = &to.for_contract(contract);
    ContractOutcome {
        name: to.text(TextKind::Name, name),
        source: *source,
        mode: *mode,
        account_link: account_link
            .as_ref()
            .map(|link| to.text(TextKind::Name, link)),
        verdict: *verdict,
        fail_on: *fail_on,
        advice: advice.iter().map(|advice| message(advice, to)).collect(),
        findings: rewritten,
        summary: summary(numbers, to),
        problem: unanswered.as_ref().map(|problem| message(problem, to)),
        named: named
            .iter()
            .map(|name| to.text(TextKind::Id, name))
            .collect(),
    }
}

fn reported(found: &Reported, to: &impl TextRewriter) -> Reported {
    reported_with(found, &to.for_finding(&found.finding))
}

/// Rewrites a finding with the rewriter of its texts.
pub(super) fn reported_with(found: &Reported, to: &impl TextRewriter) -> Reported {
    let Reported {
        finding: finding_of,
        place: at,
        status,
        first_seen,
        changes,
        repair: repaired,
    } = found;
    Reported {
        finding: finding(finding_of, to),
        place: at.as_ref().map(|at| place(at, TextKind::Name, to)),
        status: status.as_ref().map(|status| finding_status(status, to)),
        first_seen: *first_seen,
        changes: changes
            .iter()
            .map(|line_change| change(line_change, to))
            .collect(),
        repair: repaired.as_ref().map(|repaired| repair(repaired, to)),
    }
}

fn change(change: &Change, to: &impl TextRewriter) -> Change {
    let Change { path, line, does } = change;
    Change {
        path: to.text(TextKind::Name, path),
        line: *line,
        does: to.text(TextKind::Prose, does),
    }
}

fn repair(repair: &Repair, to: &impl TextRewriter) -> Repair {
    let text = |text: &str| to.text(TextKind::Prose, text);
    let change = |change: &CellChange| {
        let CellChange { before, after } = change;
        CellChange {
            before: cell(before, to),
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
                id: cell(id, to),
                seen: seen
                    .iter()
                    .map(|subscription| cell(subscription, to))
                    .collect(),
                changes: changes.iter().map(change).collect(),
            }))
        }
    }
}

fn cell(cell: &RowCell, to: &impl TextRewriter) -> RowCell {
    let RowCell {
        column,
        kind,
        value,
    } = cell;
    RowCell {
        column: to.text(TextKind::Prose, column),
        kind: *kind,
        value: value
            .as_deref()
            .map(|value| to.text(TextKind::Prose, value)),
    }
}

fn finding_status(status: &FindingStatus, to: &impl TextRewriter) -> FindingStatus {
    match status {
        FindingStatus::Accepted { reason, until } => FindingStatus::Accepted {
            reason: to.text(TextKind::Prose, reason),
            until: until.as_deref().map(|day| to.text(TextKind::Prose, day)),
        },
        FindingStatus::New | FindingStatus::Known => status.clone(),
    }
}

fn finding(finding: &Finding, to: &impl TextRewriter) -> Finding {
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
    let text = |text: &str| to.text(TextKind::Prose, text);
    Finding {
        rule: *rule,
        severity: *severity,
        entity: entity.rewritten(text),
        message: text(message).into(),
        fix: text(fix).into(),
        subject: subject(about, to),
        evidence: finding
            .evidence_lines()
            .iter()
            .map(|fact| text(fact))
            .collect(),
        amount: amount.clone(),
        items_without_amount: *items_without_amount,
        shares: shares.iter().map(|money| share(money, to)).collect(),
        mentions: mentions
            .as_deref()
            .map(|mentions| Box::new(self::mentions(mentions, to))),
        fingerprint: fingerprint.clone(),
    }
}

fn mentions(mentions: &Mentions, to: &impl TextRewriter) -> Mentions {
    let Mentions { fields, events } = mentions;
    let text = |text: &str| to.text(TextKind::Prose, text);
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

fn share(share: &PaymentShare, to: &impl TextRewriter) -> PaymentShare {
    let PaymentShare {
        payer,
        amount,
        items_without_amount,
    } = share;
    PaymentShare {
        payer: to.text(TextKind::Prose, payer).into(),
        amount: amount.clone(),
        items_without_amount: *items_without_amount,
    }
}

fn subject(subject: &Subject, to: &impl TextRewriter) -> Subject {
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
    let text = |text: &str| to.text(TextKind::Prose, text);
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

pub(super) fn message<C: Copy>(original: &Message<C>, to: &impl TextRewriter) -> Message<C> {
    let Message {
        code,
        text: message,
        hint,
        place: at,
    } = original;
    Message {
        code: *code,
        text: to.text(TextKind::Prose, message),
        hint: to.text(TextKind::Prose, hint),
        place: at.as_ref().map(|at| place(at, TextKind::Prose, to)),
    }
}

fn place(place: &Place, path_kind: TextKind, to: &impl TextRewriter) -> Place {
    let Place {
        path,
        line,
        column,
        end_line,
        end_column,
    } = place;
    Place {
        path: to.text(path_kind, path),
        line: *line,
        column: *column,
        end_line: *end_line,
        end_column: *end_column,
    }
}

fn summary(summary: &Summary, to: &impl TextRewriter) -> Summary {
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
        *by_status
            .entry(to.text(TextKind::Name, status))
            .or_default() += count;
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
