//! The structure of a JSON report, and its conversion to an outcome.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{self, Unexpected},
};

use super::consistency::Contradiction;
use crate::{
    ContractOutcome, Outcome, PlayedScenario, Provenance, Rehearsed, Reported,
    count::length,
    json::{ReportSeverity, ReportVerdict},
    json_names::ReportEntityKind,
    json_origin::ReportMode,
    json_rehearsal::ReportResult,
    json_status::ReportStatus,
};
use baseline::{FindingStatus, Since};
use contract::{
    Entity, EventMention, Field, Finding, Mentions, Mode, Money, Rule, Source, Subject, Summary,
    UnixSeconds,
};
use problem::{ErrorCode, Place, Problem, Warning};

/// Maximum of a count, far above real ones, so that sums do not overflow.
const MAX_COUNT: u64 = 1_000_000_000_000;

/// Maximum length of lists other than the findings. Some are compared one by one.
const MAX_LISTED: usize = 10_000;

#[derive(Deserialize)]
pub(super) struct WrittenReport {
    verdict: ReportVerdict,
    findings: Vec<WrittenFinding>,
    contracts: Vec<WrittenContract>,
    summary: Total,
    problems: BoundedList<WrittenProblem>,
    warnings: BoundedList<WrittenWarning>,
    advice: BoundedList<WrittenAdvice>,
    rehearsal: Option<WrittenRehearsal>,
    since: Option<WrittenSince>,
    provenance: Option<WrittenProvenance>,
}

/// The part of the totals that is read. The other totals repeat the contracts' numbers.
#[derive(Deserialize)]
struct Total {
    findings: u64,
}

#[derive(Deserialize)]
struct WrittenContract {
    name: String,
    source: SourceWord,
    verdict: ReportVerdict,
    fail_on: Option<ReportSeverity>,
    summary: WrittenSummary,
    problem: Option<WrittenProblem>,
    named: BoundedList<String>,
    mode: Option<ReportMode>,
}

#[derive(Deserialize)]
struct WrittenProvenance {
    version: String,
    checked_at: WrittenTime,
    config: String,
}

/// A time in the format of a report.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct WrittenTime(UnixSeconds);

impl TryFrom<String> for WrittenTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let time: Option<Timestamp> = text.parse().ok();
        time.map(|time| Self(UnixSeconds::from(time)))
            .ok_or("it is not a time")
    }
}

#[derive(Deserialize)]
struct WrittenFinding {
    contract: String,
    rule: RuleId,
    severity: ReportSeverity,
    entity: String,
    entity_kind: ReportEntityKind,
    entity_id: String,
    message: String,
    fix: String,
    subject: WrittenSubject,
    evidence: Vec<String>,
    mentions: Option<WrittenMentions>,
    amount: Vec<WrittenAmount>,
    fingerprint: Fingerprint,
    standing: Option<ReportStatus>,
    acceptance: Option<WrittenAcceptance>,
}

#[derive(Deserialize)]
struct WrittenSubject {
    account: Option<String>,
    customer: Option<String>,
    subscription: Option<String>,
    status: Option<String>,
    price: Option<String>,
    plan_found: Option<String>,
    plan_expected: Option<String>,
    named: BoundedList<String>,
}

#[derive(Deserialize)]
struct WrittenMentions {
    fields: BoundedList<FieldName>,
    events: BoundedList<WrittenEvent>,
}

#[derive(Deserialize)]
struct WrittenEvent {
    kind: String,
    id: Option<String>,
    is_earlier: bool,
}

#[derive(Deserialize)]
struct WrittenAmount {
    currency: String,
    minor_units: i64,
}

#[derive(Deserialize)]
struct WrittenSummary {
    accounts: BoundedCount,
    linked: BoundedCount,
    exempt: BoundedCount,
    subscriptions: BTreeMap<String, BoundedCount>,
    judged: BTreeSet<RuleId>,
    settled: BoundedCount,
    on_test_clock: BoundedCount,
    provider_requests: BoundedCount,
    paid_not_served: Vec<WrittenAmount>,
    served_not_paid: Vec<WrittenAmount>,
    items_without_amount: BoundedCount,
}

#[derive(Deserialize)]
struct WrittenProblem {
    #[serde(deserialize_with = "error_code")]
    code: ErrorCode,
    message: String,
    hint: String,
    place: Option<WrittenPlace>,
}

#[derive(Deserialize)]
struct WrittenWarning {
    message: String,
    hint: String,
    place: Option<WrittenPlace>,
}

#[derive(Deserialize)]
struct WrittenAdvice {
    contract: String,
    message: String,
    hint: String,
    place: Option<WrittenPlace>,
}

#[derive(Deserialize)]
struct WrittenPlace {
    path: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Deserialize)]
struct WrittenAcceptance {
    reason: String,
    until: Option<String>,
}

#[derive(Deserialize)]
struct WrittenSince {
    source: String,
    fixed: BoundedCount,
    lets_known_pass: bool,
}

#[derive(Deserialize)]
struct WrittenRehearsal {
    scenarios: Vec<WrittenScenario>,
}

#[derive(Deserialize)]
struct WrittenScenario {
    id: String,
    title: String,
    ends: String,
    result: ReportResult,
    left_out: Vec<String>,
    plays: BoundedCount,
    steps: BoundedCount,
    events: BoundedCount,
}

/// A list of limited length.
#[derive(Deserialize)]
#[serde(try_from = "Vec<T>", bound = "T: Deserialize<'de>")]
struct BoundedList<T>(Vec<T>);

impl<T> TryFrom<Vec<T>> for BoundedList<T> {
    type Error = String;

    fn try_from(list: Vec<T>) -> Result<Self, Self::Error> {
        if list.len() > MAX_LISTED {
            return Err(format!("it has more than {MAX_LISTED} entries"));
        }
        Ok(Self(list))
    }
}

/// A count of limited size, so that sums do not overflow.
#[derive(Deserialize)]
#[serde(try_from = "u64")]
struct BoundedCount(u64);

impl TryFrom<u64> for BoundedCount {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        if number > MAX_COUNT {
            return Err(format!("{number} is larger than any count of a run"));
        }
        Ok(Self(number))
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct RuleId(Rule);

impl TryFrom<String> for RuleId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Rule::parse(&id).map(Self).ok_or("it is not a rule")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct FieldName(Field);

impl TryFrom<String> for FieldName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Field::parse(&name)
            .map(Self)
            .ok_or("it is not a column of a contract")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct SourceWord(Source);

impl TryFrom<String> for SourceWord {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        Source::parse(&word).map(Self).ok_or("it is not a source")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Fingerprint(String);

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 16 && text.bytes().all(is_digit) {
            Ok(Self(text))
        } else {
            Err("it is not 16 hexadecimal digits")
        }
    }
}

impl WrittenReport {
    /// Converts the report, with every finding and advice assigned to its contract.
    pub(super) fn outcome(self) -> Result<Outcome, Contradiction> {
        let found = length(self.findings.len());
        if self.summary.findings != found {
            return Err(Contradiction::Count {
                stated: self.summary.findings,
                found,
            });
        }
        let mut contracts: Vec<_> = self
            .contracts
            .into_iter()
            .map(WrittenContract::outcome)
            .collect();
        let mut positions = BTreeMap::new();
        for (position, contract) in contracts.iter().enumerate() {
            if positions.insert(contract.name.clone(), position).is_some() {
                return Err(Contradiction::ContractTwice {
                    name: contract.name.clone(),
                });
            }
        }
        let position_of = |name: String| match positions.get(&name) {
            Some(position) => Ok(*position),
            None => Err(Contradiction::NoContract { name }),
        };
        for written in self.findings {
            let (name, reported) = written.reported()?;
            let position = position_of(name)?;
            if let Some(contract) = contracts.get_mut(position) {
                contract.findings.push(reported);
            }
        }
        for written in self.advice.0 {
            let advice = Warning::new(written.message)
                .hint(written.hint)
                .at(written.place.map(WrittenPlace::place));
            let position = position_of(written.contract)?;
            if let Some(contract) = contracts.get_mut(position) {
                contract.advice.push(advice);
            }
        }
        for contract in &mut contracts {
            count(contract);
        }
        Ok(Outcome {
            verdict: self.verdict.verdict(),
            contracts,
            problems: problems(self.problems),
            warnings: warnings(self.warnings),
            rehearsal: self.rehearsal.map(WrittenRehearsal::rehearsed),
            since: self.since.map(|since| Since {
                source: since.source,
                fixed: since.fixed.0,
                lets_known_pass: since.lets_known_pass,
            }),
            provenance: self.provenance.map(|provenance| Provenance {
                version: provenance.version,
                checked_at: provenance.checked_at.0,
                config: provenance.config,
            }),
            are_changes_known: false,
        })
    }
}

/// Counts the findings again, and keeps the amounts, because the report does not say which customers share one.
fn count(contract: &mut ContractOutcome) {
    let found = contract.findings.iter();
    let findings: Vec<Finding> = found.map(|reported| reported.finding.clone()).collect();
    let summary = &mut contract.summary;
    let (paid, served) = (
        summary.paid_not_served.clone(),
        summary.served_not_paid.clone(),
    );
    let items = summary.items_without_amount;
    summary.count_findings(&findings);
    summary.paid_not_served = paid;
    summary.served_not_paid = served;
    summary.items_without_amount = items;
}

impl WrittenContract {
    fn outcome(self) -> ContractOutcome {
        ContractOutcome {
            name: self.name,
            source: self.source.0,
            mode: self.mode.map(Mode::from),
            account_link: None,
            verdict: self.verdict.verdict(),
            fail_on: self.fail_on.map(|severity| severity.severity()),
            advice: Vec::new(),
            findings: Vec::new(),
            summary: self.summary.summary(),
            problem: self.problem.map(WrittenProblem::problem),
            named: self.named.0,
        }
    }
}

impl WrittenFinding {
    fn reported(self) -> Result<(String, Reported), Contradiction> {
        let subject = self.subject;
        let entity = Entity::parse(self.entity_kind.kind(), &self.entity, &self.entity_id);
        let finding = Finding {
            rule: self.rule.0,
            severity: self.severity.severity(),
            entity: entity.ok_or(Contradiction::Entity {
                entity: self.entity,
            })?,
            message: self.message.into(),
            fix: self.fix.into(),
            subject: Subject {
                account: subject.account.map(Into::into),
                customer: subject.customer.map(Into::into),
                subscription: subject.subscription.map(Into::into),
                status: subject.status.map(Into::into),
                price: subject.price.map(Into::into),
                plan_found: subject.plan_found.map(Into::into),
                plan_expected: subject.plan_expected.map(Into::into),
                named: subject.named.0.into(),
            },
            evidence: self.evidence.into(),
            amount: money(self.amount),
            items_without_amount: 0,
            shares: Box::default(),
            mentions: self.mentions.map(|mentions| Box::new(mentions.mentions())),
            fingerprint: self.fingerprint.0.into(),
        };
        let status = self.standing.map(|status| match status {
            ReportStatus::New => FindingStatus::New,
            ReportStatus::Known => FindingStatus::Known,
            ReportStatus::Accepted => {
                let (reason, until) = match self.acceptance {
                    Some(acceptance) => (acceptance.reason, acceptance.until),
                    None => (String::new(), None),
                };
                FindingStatus::Accepted { reason, until }
            }
        });
        let reported = Reported {
            status,
            ..Reported::new(finding, None)
        };
        Ok((self.contract, reported))
    }
}

impl WrittenMentions {
    fn mentions(self) -> Mentions {
        let event = |event: WrittenEvent| EventMention {
            kind: event.kind,
            id: event.id,
            is_earlier: event.is_earlier,
        };
        Mentions {
            fields: self.fields.0.into_iter().map(|field| field.0).collect(),
            events: self.events.0.into_iter().map(event).collect(),
        }
    }
}

impl WrittenSummary {
    fn summary(self) -> Summary {
        let subscriptions = self.subscriptions.into_iter();
        let judged = self.judged.into_iter();
        Summary {
            accounts: self.accounts.0,
            linked: self.linked.0,
            exempt: self.exempt.0,
            subscriptions: subscriptions
                .map(|(status, count)| (status, count.0))
                .collect(),
            judged: judged.map(|rule| rule.0).collect(),
            by_severity: BTreeMap::new(),
            by_rule: BTreeMap::new(),
            settled: self.settled.0,
            provider_requests: self.provider_requests.0,
            on_test_clock: self.on_test_clock.0,
            paid_not_served: money(self.paid_not_served),
            served_not_paid: money(self.served_not_paid),
            items_without_amount: self.items_without_amount.0,
        }
    }
}

impl WrittenProblem {
    fn problem(self) -> Problem {
        Problem::new(self.code, self.message)
            .hint(self.hint)
            .at(self.place.map(WrittenPlace::place))
    }
}

impl WrittenWarning {
    fn warning(self) -> Warning {
        Warning::new(self.message)
            .hint(self.hint)
            .at(self.place.map(WrittenPlace::place))
    }
}

fn error_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ErrorCode, D::Error> {
    let word = String::deserialize(deserializer)?;
    ErrorCode::parse(&word)
        .ok_or_else(|| de::Error::invalid_value(Unexpected::Str(&word), &"the code of an error"))
}

impl WrittenPlace {
    fn place(self) -> Place {
        Place {
            path: self.path,
            line: self.line,
            column: self.column,
            end_line: self.end_line,
            end_column: self.end_column,
        }
    }
}

impl WrittenRehearsal {
    fn rehearsed(self) -> Rehearsed {
        let scenario = |written: WrittenScenario| PlayedScenario {
            id: written.id,
            title: written.title,
            ends: written.ends,
            result: written.result.played_result(),
            left_out: written.left_out,
            plays: written.plays.0,
            steps: written.steps.0,
            events: written.events.0,
        };
        Rehearsed {
            scenarios: self.scenarios.into_iter().map(scenario).collect(),
        }
    }
}

fn warnings(written: BoundedList<WrittenWarning>) -> Vec<Warning> {
    written.0.into_iter().map(WrittenWarning::warning).collect()
}

fn problems(written: BoundedList<WrittenProblem>) -> Vec<Problem> {
    written.0.into_iter().map(WrittenProblem::problem).collect()
}

fn money(amounts: Vec<WrittenAmount>) -> Money {
    let mut money = Money::default();
    for amount in amounts {
        money.add(&amount.currency, amount.minor_units);
    }
    money
}
