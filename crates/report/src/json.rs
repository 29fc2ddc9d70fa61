//! The JSON report. Its structs are separate from the domain types and frozen as version 1.

use std::{collections::BTreeMap, io};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Serialize, Serializer};

use contract::{Money, Severity, Subject, Summary, Verdict};
use problem::{Place, Problem, Warning};

use super::{
    ContractOutcome, Outcome, Reported,
    harmless_json::{self, indented},
    json_change::ReportChange,
    json_names::{ReportEntityKind, ReportMentions},
    json_origin::{ReportMode, ReportProvenance},
    json_rehearsal::ReportRehearsal,
    json_status::{ReportAcceptance, ReportSince, ReportStatus},
};

/// Bump when a field is removed, renamed, or changes type or meaning. Adding a field does not require it.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// Renders the report as JSON.
pub fn json(outcome: &Outcome) -> String {
    let totals = outcome.totals();
    indented(&ReportDocument::new(outcome, &totals))
}

/// Streams the JSON report to `out` without holding all of it in memory.
pub fn write_json(outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    let totals = outcome.totals();
    harmless_json::write(&ReportDocument::new(outcome, &totals), out)
}

/// Returns the JSON Schema of [`json`].
pub fn schema() -> String {
    schema_of::<ReportDocument<'_>>()
}

pub(super) fn schema_of<T: JsonSchema>() -> String {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let schema = generator.into_root_schema_for::<T>();
    format!("{:#}\n", schema.as_value())
}

/// Report of `prodverdict check access --format json` and `prodverdict rehearse --format json`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "ProdVerdict report")]
struct ReportDocument<'a> {
    /// 1. A later version may add fields to this one.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    verdict: ReportVerdict,
    /// Findings of all contracts, most severe first.
    #[schemars(with = "Vec<ReportFinding<'a>>")]
    findings: Findings<'a>,
    /// In the order of the configuration; empty if it could not be read.
    contracts: Vec<ReportContract<'a>>,
    /// Totals of all contracts.
    summary: ReportSummary<'a>,
    /// Error that prevented all contracts from running.
    problems: Vec<ReportProblem<'a>>,
    /// Warnings. They do not affect the verdict.
    warnings: Vec<ReportWarning<'a>>,
    /// Advice about the contracts. It does not affect the verdict.
    advice: Vec<ReportAdvice<'a>>,
    /// Rehearsal; null for a check.
    rehearsal: Option<ReportRehearsal<'a>>,
    /// Comparison with an earlier result; null if there was none, or nothing was compared.
    since: Option<ReportSince<'a>>,
    /// Number of findings accepted by the committed baseline; they do not fail the run.
    accepted: u64,
    /// Origin of the report.
    provenance: Option<ReportProvenance<'a>>,
}

/// Findings that are converted to [`ReportFinding`] one by one, because copying a million at once would need too much
/// memory.
struct Findings<'a>(Vec<(&'a ContractOutcome, &'a Reported)>);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let findings = self.0.iter();
        serializer.collect_seq(
            findings.map(|(contract, found)| ReportFinding::new(&contract.name, found)),
        )
    }
}

/// pass: nothing was found. warn: findings, none of which fails. fail: the contract is broken. error: no verdict
/// was possible.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Verdict")]
pub(super) enum ReportVerdict {
    Pass,
    Warn,
    Fail,
    Error,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Severity")]
pub(super) enum ReportSeverity {
    High,
    Medium,
    Low,
}

/// One disagreement between the provider and the database.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct ReportFinding<'a> {
    /// Name of the contract.
    contract: &'a str,
    /// `revenue-leak`, `wrongful-access`, …
    rule: &'a str,
    severity: ReportSeverity,
    /// `user:<id>`, `customer:<id>`, `price:<id>`, …
    entity: &'a str,
    entity_kind: ReportEntityKind,
    /// The part of `entity` after its kind or the contract's own word.
    entity_id: &'a str,
    /// The problem, then its consequence; one sentence per line.
    message: &'a str,
    /// Advice.
    fix: &'a str,
    subject: ReportSubject<'a>,
    /// Facts from both sides, one per entry.
    evidence: Vec<String>,
    /// Null if the texts name nothing besides the rule's own column.
    mentions: Option<ReportMentions<'a>>,
    /// Monthly recurring amounts at stake.
    amount: Vec<ReportAmount<'a>>,
    /// 16 hexadecimal digits; equal for the same rule, entity and customer.
    #[schemars(regex(pattern = "^[0-9a-f]{16}$"))]
    fingerprint: &'a str,
    /// Line of the configuration, or the changed line that is annotated instead.
    place: Option<ReportPlace<'a>>,
    /// Null if nothing was compared.
    standing: Option<ReportStatus>,
    /// Set if it is accepted.
    acceptance: Option<ReportAcceptance<'a>>,
    /// Changed lines of the pull request that may be related, most likely first; at most five. They are not necessarily
    /// the cause.
    changes: Vec<ReportChange<'a>>,
    /// Time of the first result of the default branch that has it (RFC 3339, UTC); null if nothing was compared.
    first_seen: Option<String>,
}

/// Subject of a finding, as far as known.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Subject")]
struct ReportSubject<'a> {
    account: Option<&'a str>,
    customer: Option<&'a str>,
    subscription: Option<&'a str>,
    status: Option<&'a str>,
    price: Option<&'a str>,
    /// Stored plan.
    plan_found: Option<&'a str>,
    /// Plan paid for.
    plan_expected: Option<&'a str>,
    /// Other accounts, customers and subscriptions named in the texts.
    named: &'a [String],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Amount")]
pub(super) struct ReportAmount<'a> {
    /// Lower-case ISO 4217 code.
    pub(super) currency: &'a str,
    /// Amount in the provider's smallest unit of the currency.
    pub(super) minor_units: i64,
}

/// Result of one contract.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Contract")]
struct ReportContract<'a> {
    name: &'a str,
    /// `stripe`, `paddle` or `stripe_entitlements`.
    source: &'a str,
    verdict: ReportVerdict,
    /// Lowest severity that fails it; null if no finding fails it.
    fail_on: Option<ReportSeverity>,
    summary: ReportSummary<'a>,
    /// Reason for no verdict; set if the verdict is `error`.
    problem: Option<ReportProblem<'a>>,
    /// Accounts, customers and subscriptions named in the texts of `problem`.
    named: &'a [String],
    /// Mode of the provider's objects; null if it is not known.
    mode: Option<ReportMode>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Summary")]
struct ReportSummary<'a> {
    /// Accounts read.
    accounts: u64,
    /// Accounts with a customer.
    linked: u64,
    /// Accounts that are never judged.
    exempt: u64,
    /// Subscriptions read, by status.
    subscriptions: BTreeMap<&'a str, u64>,
    /// Rules that were checked.
    judged: Vec<&'a str>,
    findings: u64,
    by_severity: ReportCounts,
    /// Rules that were broken.
    by_rule: BTreeMap<&'a str, u64>,
    /// Findings that the second read did not confirm.
    settled: u64,
    /// Customers on a test clock; they are not judged.
    on_test_clock: u64,
    provider_requests: u64,
    /// Monthly amounts of customers who pay without access.
    paid_not_served: Vec<ReportAmount<'a>>,
    /// Last known monthly amounts of accounts with access that do not pay.
    served_not_paid: Vec<ReportAmount<'a>>,
    /// Items without an amount, which are not included.
    items_without_amount: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Counts")]
struct ReportCounts {
    high: u64,
    medium: u64,
    low: u64,
}

/// Problem that needs attention.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ReportProblem<'a> {
    /// Code of the error; `docs/troubleshooting.md` describes each.
    code: &'a str,
    message: &'a str,
    /// Advice; empty if the message says everything.
    hint: &'a str,
    place: Option<ReportPlace<'a>>,
}

/// Warning, which does not affect the verdict.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Warning")]
pub(super) struct ReportWarning<'a> {
    message: &'a str,
    /// Advice; empty if the message says everything.
    hint: &'a str,
    place: Option<ReportPlace<'a>>,
}

/// Advice about a contract.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Advice")]
struct ReportAdvice<'a> {
    /// Name of the contract.
    contract: &'a str,
    message: &'a str,
    /// Advice; empty if the message says everything.
    hint: &'a str,
    /// Place in the configuration, or null.
    file: Option<&'a str>,
    /// Line number, starting at 1.
    line: Option<u32>,
    /// The same place with columns and end.
    place: Option<ReportPlace<'a>>,
}

/// Lines and columns start at 1; columns count characters, and the end is inclusive.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Place")]
pub(super) struct ReportPlace<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'a> ReportDocument<'a> {
    fn new(outcome: &'a Outcome, totals: &'a Summary) -> Self {
        let counts = outcome.status_counts();
        let contracts = outcome.contracts.iter();
        let advice = contracts.flat_map(|contract| {
            let advice = contract.advice.iter();
            advice.map(|advice| ReportAdvice::new(&contract.name, advice))
        });
        Self {
            schema_version: SCHEMA_VERSION,
            verdict: ReportVerdict::from(outcome.verdict),
            findings: Findings(outcome.findings()),
            contracts: outcome
                .contracts
                .iter()
                .map(|contract| ReportContract {
                    name: &contract.name,
                    source: contract.source.as_str(),
                    verdict: ReportVerdict::from(contract.verdict),
                    fail_on: contract.fail_on.map(ReportSeverity::from),
                    summary: ReportSummary::from(&contract.summary),
                    problem: contract.problem.as_ref().map(ReportProblem::from),
                    named: &contract.named,
                    mode: contract.mode.map(ReportMode::from),
                })
                .collect(),
            summary: ReportSummary::from(totals),
            problems: outcome.problems.iter().map(ReportProblem::from).collect(),
            warnings: outcome.warnings.iter().map(ReportWarning::from).collect(),
            advice: advice.collect(),
            rehearsal: outcome.rehearsal.as_ref().map(ReportRehearsal::from),
            since: outcome
                .since
                .as_ref()
                .map(|since| ReportSince::new(since, counts)),
            accepted: counts.accepted,
            provenance: outcome.provenance.as_ref().map(ReportProvenance::from),
        }
    }
}

impl<'a> ReportFinding<'a> {
    pub(super) fn new(contract: &'a str, found: &'a Reported) -> Self {
        let finding = &found.finding;
        Self {
            contract,
            rule: finding.rule.as_str(),
            severity: ReportSeverity::from(finding.severity),
            entity: &finding.entity,
            entity_kind: ReportEntityKind::from(finding.entity.kind()),
            entity_id: finding.entity.id(),
            message: &finding.message,
            fix: &finding.fix,
            subject: ReportSubject::from(&finding.subject),
            evidence: finding.evidence_lines(),
            mentions: finding.mentions.as_deref().map(ReportMentions::from),
            amount: amounts(&finding.amount),
            fingerprint: &finding.fingerprint,
            place: found.place.as_ref().map(ReportPlace::from),
            standing: found.status.as_ref().map(ReportStatus::from),
            acceptance: found
                .status
                .as_ref()
                .and_then(ReportAcceptance::from_status),
            changes: found.changes.iter().map(ReportChange::from).collect(),
            first_seen: found.first_seen.map(|time| time.to_string()),
        }
    }
}

impl From<Verdict> for ReportVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Warn => Self::Warn,
            Verdict::Fail => Self::Fail,
            Verdict::Error => Self::Error,
        }
    }
}

impl ReportVerdict {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Pass => Verdict::Pass,
            Self::Warn => Verdict::Warn,
            Self::Fail => Verdict::Fail,
            Self::Error => Verdict::Error,
        }
    }
}

impl From<Severity> for ReportSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::High => Self::High,
            Severity::Medium => Self::Medium,
            Severity::Low => Self::Low,
        }
    }
}

impl ReportSeverity {
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::High => Severity::High,
            Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
        }
    }
}

impl<'a> From<&'a Subject> for ReportSubject<'a> {
    fn from(subject: &'a Subject) -> Self {
        Self {
            account: subject.account.as_deref(),
            customer: subject.customer.as_deref(),
            subscription: subject.subscription.as_deref(),
            status: subject.status.as_deref(),
            price: subject.price.as_deref(),
            plan_found: subject.plan_found.as_deref(),
            plan_expected: subject.plan_expected.as_deref(),
            named: &subject.named,
        }
    }
}

impl<'a> From<&'a Summary> for ReportSummary<'a> {
    fn from(summary: &'a Summary) -> Self {
        let subscriptions = summary.subscriptions.iter();
        let by_rule = summary.by_rule.iter();
        Self {
            accounts: summary.accounts,
            linked: summary.linked,
            exempt: summary.exempt,
            subscriptions: subscriptions
                .map(|(status, count)| (status.as_str(), *count))
                .collect(),
            judged: summary.judged.iter().map(|rule| rule.as_str()).collect(),
            findings: summary.by_severity.values().sum(),
            by_severity: ReportCounts {
                high: summary.count(Severity::High),
                medium: summary.count(Severity::Medium),
                low: summary.count(Severity::Low),
            },
            by_rule: by_rule
                .map(|(rule, count)| (rule.as_str(), *count))
                .collect(),
            settled: summary.settled,
            on_test_clock: summary.on_test_clock,
            provider_requests: summary.provider_requests,
            paid_not_served: amounts(&summary.paid_not_served),
            served_not_paid: amounts(&summary.served_not_paid),
            items_without_amount: summary.items_without_amount,
        }
    }
}

impl<'a> From<&'a Problem> for ReportProblem<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self {
            code: problem.code.as_str(),
            message: &problem.text,
            hint: &problem.hint,
            place: problem.place.as_ref().map(ReportPlace::from),
        }
    }
}

impl<'a> From<&'a Warning> for ReportWarning<'a> {
    fn from(warning: &'a Warning) -> Self {
        Self {
            message: &warning.text,
            hint: &warning.hint,
            place: warning.place.as_ref().map(ReportPlace::from),
        }
    }
}

impl<'a> ReportAdvice<'a> {
    fn new(contract: &'a str, advice: &'a Warning) -> Self {
        let place = advice.place.as_ref();
        Self {
            contract,
            message: &advice.text,
            hint: &advice.hint,
            file: place.map(|place| place.path.as_str()),
            line: place.map(|place| place.line),
            place: place.map(ReportPlace::from),
        }
    }
}

impl<'a> From<&'a Place> for ReportPlace<'a> {
    fn from(place: &'a Place) -> Self {
        Self {
            path: &place.path,
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
        }
    }
}

pub(super) fn amounts(money: &Money) -> Vec<ReportAmount<'_>> {
    let amount = |(currency, minor_units)| ReportAmount {
        currency,
        minor_units,
    };
    money.iter().map(amount).collect()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use crate::{neutral::is_hidden, sample};
    use contract::Source;

    use super::*;

    #[test]
    fn version_1_stays_as_it_is() {
        insta::assert_snapshot!("version_1", json(&sample::several_contracts()));
    }

    #[test]
    fn each_finding_has_its_standing() {
        let report: Value = serde_json::from_str(&json(&sample::compared())).unwrap();
        let statuses: Vec<_> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["standing"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, ["known", "new", "accepted"]);
        assert_eq!(
            report["findings"][2]["acceptance"],
            serde_json::json!({
                "reason": "Carol leaves at the end of the year.",
                "until": "2026-12-31",
            })
        );
        assert_eq!(
            report["since"],
            serde_json::json!({
                "source": "the check run of `1a2b3c4` on `main`",
                "new": 1,
                "known": 1,
                "fixed": 1,
                "lets_known_pass": true,
            })
        );
        assert_eq!(report["accepted"], 1);
        let report: Value = serde_json::from_str(&json(&sample::failing())).unwrap();
        assert_eq!(report["findings"][0]["standing"], Value::Null);
        assert_eq!(
            (&report["since"], &report["accepted"]),
            (&Value::Null, &Value::from(0))
        );
    }

    #[test]
    fn advice_has_its_file_and_line() {
        let mut outcome = sample::passing();
        let mut advice = sample::advice("no row holds `Pro`", "write `pro`");
        advice.place = Some(sample::place("prodverdict.yml", 9));
        outcome.contracts[0].advice = vec![advice];
        let report: Value = serde_json::from_str(&json(&outcome)).unwrap();
        assert_eq!(
            report["advice"],
            serde_json::json!([{
                "contract": "users",
                "message": "no row holds `Pro`",
                "hint": "write `pro`",
                "file": "prodverdict.yml",
                "line": 9,
                "place": report["advice"][0]["place"],
            }])
        );
        assert_eq!(report["advice"][0]["place"]["line"], 9);
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_structs() {
        let committed = include_str!("../../../schema/report.schema.json");
        assert!(
            committed == schema(),
            "schema/report.schema.json is stale; it should be:\n{}",
            schema()
        );
    }

    #[test]
    fn every_report_is_valid_by_the_committed_schema() {
        for outcome in sample::every_kind() {
            assert_valid(&outcome);
        }
    }

    #[test]
    fn the_schema_refuses_other_documents() {
        let mut report: Value = serde_json::from_str(&json(&sample::failing())).unwrap();
        assert!(validator().is_valid(&report));
        report["findings"][0]["fingerprint"] = "UPPER".into();
        assert!(!validator().is_valid(&report));
        let mut report: Value = serde_json::from_str(&json(&sample::failing())).unwrap();
        report["schema_version"] = 2.into();
        assert!(!validator().is_valid(&report));
        let mut report: Value = serde_json::from_str(&json(&sample::failing())).unwrap();
        report["verdict"] = "ok".into();
        assert!(!validator().is_valid(&report));
        assert!(!validator().is_valid(&serde_json::json!({})));
    }

    #[test]
    fn findings_of_all_contracts_are_one_sorted_list() {
        let report: Value = serde_json::from_str(&json(&sample::several_contracts())).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let order: Vec<_> = findings
            .iter()
            .map(|finding| {
                let text = |key: &str| finding[key].as_str().unwrap().to_owned();
                format!("{} {} {}", text("severity"), text("rule"), text("contract"))
            })
            .collect();
        assert_eq!(
            order,
            [
                "high revenue-leak teams",
                "high revenue-leak users",
                "high wrongful-access users",
                "medium orphan-subscription users",
                "low stale-plan teams",
            ]
        );
    }

    proptest! {
        #[test]
        fn values_are_exact_and_nothing_acts_on_a_terminal_or_a_log(id in sample::hostile()) {
            let finding = sample::about(&id);
            let outcome = sample::outcome(vec![sample::contract(&id, Source::Paddle, vec![finding.clone()])]);
            let text = json(&outcome);
            prop_assert!(!text.contains("##["));
            prop_assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)));
            let report: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&report["findings"][0]["subject"]["account"], &Value::from(id.as_str()));
            prop_assert_eq!(&report["findings"][0]["message"], &Value::from(&*finding.message));
            assert_valid(&outcome);
        }
    }

    #[track_caller]
    fn assert_valid(outcome: &Outcome) {
        let report: Value = serde_json::from_str(&json(outcome)).unwrap();
        if let Err(error) = validator().validate(&report) {
            panic!("{error} at {} in {report:#}", error.instance_path());
        }
    }

    fn validator() -> jsonschema::Validator {
        let schema =
            serde_json::from_str(include_str!("../../../schema/report.schema.json")).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }
}
