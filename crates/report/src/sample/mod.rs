//! Sample outcomes for the tests of the renderers.

mod compared;
mod hostile;
mod rehearsal;

use std::collections::BTreeMap;

use baseline::{FindingStatus, Since};
use contract::{
    Entity, Evidence, Finding, Mode, Money, Rule, Severity, Source, Subject, Summary, UnixSeconds,
    Verdict,
};
use problem::{ErrorCode, Place, Problem, Warning};

use super::{
    CellChange, CellKind, CellValue, Change, ContractOutcome, FORMATS, Outcome, Provenance, Repair,
    RepairCell, ReportPaths, Reported, RowRepair, annotations, json,
    markdown::{self, CommentLinks},
    text, workflow_command,
};

pub(super) use compared::compared;
pub(super) use hostile::hostile;
pub(super) use rehearsal::{rehearsal, rehearsal_full_of, scenario};

/// Returns the typical case: a customer who pays and has no access.
pub(super) fn failing() -> Outcome {
    outcome(vec![contract("users", Source::Stripe, vec![alice()])])
}

pub(super) fn passing() -> Outcome {
    outcome(vec![contract("users", Source::Stripe, vec![])])
}

pub(super) fn warning() -> Outcome {
    let stale = finding(Rule::StalePlan, "user:usr_carol");
    outcome(vec![contract("users", Source::Stripe, vec![stale])])
}

/// Returns an outcome with a single contract, which has no verdict.
pub(super) fn unanswerable() -> Outcome {
    let mut users = contract("users", Source::Stripe, vec![]);
    users.verdict = Verdict::Error;
    users.problem = Some(problem(
        "the accounts query returned no row",
        "Check that `DATABASE_URL` is the right database, or set `allow_empty: true`.",
    ));
    outcome(vec![users])
}

/// Returns two contracts with findings and one without a verdict.
pub(super) fn several_contracts() -> Outcome {
    let mut users = contract(
        "users",
        Source::Stripe,
        vec![
            alice(),
            finding(Rule::WrongfulAccess, "user:usr_bob"),
            finding(Rule::OrphanSubscription, "customer:cus_nobody"),
        ],
    );
    users.summary = Summary {
        accounts: 1_204,
        linked: 1_100,
        exempt: 3,
        subscriptions: BTreeMap::from([("active".into(), 1_000), ("canceled".into(), 150)]),
        settled: 2,
        provider_requests: 12,
        paid_not_served: money(&[("usd", 123_400), ("jpy", 900)]),
        served_not_paid: money(&[("usd", 2_000)]),
        items_without_amount: 1,
        ..users.summary
    };
    let teams = contract(
        "teams",
        Source::Paddle,
        vec![
            finding(Rule::RevenueLeak, "team:usr_alice_2"),
            finding(Rule::StalePlan, "team:4"),
        ],
    );
    let mut projects = unanswerable().contracts.remove(0);
    projects.name = "projects".into();
    projects.source = Source::StripeEntitlements;
    let mut outcome = outcome(vec![users, teams, projects]);
    outcome.warnings = vec![advice(
        "the key in `STRIPE_SECRET_KEY` is not restricted",
        "Create a restricted key that can read subscriptions.",
    )];
    outcome
}

pub(super) fn without_contracts(problem: Problem) -> Outcome {
    Outcome {
        verdict: Verdict::Error,
        contracts: vec![],
        problems: vec![problem],
        warnings: vec![],
        rehearsal: None,
        since: None,
        provenance: None,
        are_changes_known: false,
    }
}

/// Returns one outcome of every kind.
pub(super) fn every_kind() -> Vec<Outcome> {
    vec![
        failing(),
        passing(),
        warning(),
        unanswerable(),
        several_contracts(),
        compared(),
        without_contracts(problem("no such file", "")),
        full_of("x\"\\\n\u{1b}##[error]"),
        many(25),
        pull_request_outcome(),
        rehearsal(),
        rehearsal_full_of("x\"\\\n\u{1b}##[error]"),
        Outcome {
            rehearsal: Some(crate::Rehearsed::default()),
            ..unanswerable()
        },
    ]
}

/// Returns the outcome of a pull request after a comparison: a new finding with relevant lines, a known and an accepted
/// one, and two that are gone.
pub(super) fn pull_request_outcome() -> Outcome {
    let mut outcome = several_contracts();
    outcome.contracts.truncate(2);
    outcome.verdict = Verdict::Fail;
    outcome.since = Some(Since {
        source: "the check run of `1a2b3c4` on `main`".into(),
        fixed: 2,
        lets_known_pass: true,
    });
    for contract in &mut outcome.contracts {
        for found in &mut contract.findings {
            found.status = Some(FindingStatus::Known);
        }
    }
    let users = outcome.contracts.first_mut().expect("a first contract");
    let [new, accepted, ..] = users.findings.as_mut_slice() else {
        panic!("two findings");
    };
    new.status = Some(FindingStatus::New);
    new.place = Some(place("prodverdict.yml", 12));
    new.changes = vec![
        change(
            "src/app/api/webhooks/stripe/route.ts",
            42,
            "removes the only line that mentions `has_paid_access`",
        ),
        change("src/billing.ts", 7, "changes a line that mentions `plan`"),
    ];
    accepted.status = Some(FindingStatus::Accepted {
        reason: "a founder's account, paid by invoice".into(),
        until: Some("2026-12-31".into()),
    });
    outcome
}

pub(super) fn change(path: &str, line: u32, does: &str) -> Change {
    Change {
        path: path.into(),
        line,
        does: does.into(),
    }
}

/// Returns one contract with that many findings.
pub(super) fn many(findings: usize) -> Outcome {
    let finding = |index| finding(Rule::WrongfulAccess, &format!("user:usr_{index:06}"));
    let findings = (0..findings).map(finding).collect();
    outcome(vec![contract("users", Source::Stripe, findings)])
}

/// Returns an outcome with `text` in every field that holds untrusted text.
pub(super) fn full_of(text: &str) -> Outcome {
    let mut finding = about(text);
    finding.entity = Entity::account(text, text);
    finding.message = format!("{text}\n{text} is wrong").into();
    finding.fix = format!("{text}\nand {text}").into();
    finding.subject = Subject {
        account: Some(text.into()),
        customer: Some(text.into()),
        subscription: Some(text.into()),
        status: Some(text.into()),
        price: Some(text.into()),
        plan_found: Some(text.into()),
        plan_expected: Some(text.into()),
        named: [text.into()].into(),
    };
    finding.evidence = vec![text.to_owned(), format!("{text} and {text}")].into();
    let mut problem = problem(&format!("{text}\n  {text}"), text);
    problem.place = Some(place(text, 7));
    let mut contracts = vec![
        contract(text, Source::Stripe, vec![finding]),
        contract("second", Source::Paddle, vec![]),
    ];
    for contract in &mut contracts {
        contract.summary.subscriptions = BTreeMap::from([(text.to_owned(), 3)]);
        contract.advice = vec![Warning::from(problem.clone())];
        contract.problem = Some(problem.clone());
        contract.named = vec![text.into()];
        contract.mode = Some(Mode::Test);
        contract.account_link = Some(format!("https://admin.example.com/{text}/{{id}}"));
        for found in &mut contract.findings {
            found.place = Some(place(text, 3));
            found.changes = vec![change(text, 4, text), change("a.ts", 5, text)];
            found.status = Some(FindingStatus::Accepted {
                reason: text.into(),
                until: Some(text.into()),
            });
            found.repair = Some(Repair::Row(Box::new(repair_full_of(text))));
        }
    }
    Outcome {
        verdict: Verdict::Error,
        contracts,
        problems: vec![problem.clone()],
        warnings: vec![Warning::from(problem)],
        rehearsal: None,
        since: Some(Since {
            source: text.into(),
            fixed: 1,
            lets_known_pass: true,
        }),
        provenance: Some(Provenance {
            version: text.into(),
            checked_at: UnixSeconds(1_795_700_000),
            config: text.into(),
        }),
        are_changes_known: true,
    }
}

fn repair_full_of(text: &str) -> RowRepair {
    let cell = || RepairCell {
        column: text.into(),
        kind: CellKind::Text,
        value: Some(text.into()),
    };
    RowRepair {
        database: text.into(),
        table: vec![text.into(), text.into()],
        time_zone: text.into(),
        id: cell(),
        seen: vec![cell()],
        changes: vec![CellChange {
            before: cell(),
            after: CellValue::Text(text.into()),
        }],
    }
}

pub(super) fn outcome(contracts: Vec<ContractOutcome>) -> Outcome {
    let verdict = contracts.iter().map(|contract| contract.verdict).max();
    Outcome {
        verdict: verdict.unwrap_or(Verdict::Error),
        contracts,
        problems: vec![],
        warnings: vec![],
        rehearsal: None,
        since: None,
        provenance: None,
        are_changes_known: false,
    }
}

pub(super) fn contract(name: &str, source: Source, findings: Vec<Finding>) -> ContractOutcome {
    let mut summary = Summary {
        accounts: 10,
        linked: 9,
        subscriptions: BTreeMap::from([("active".into(), 8)]),
        provider_requests: 1,
        ..Summary::default()
    };
    for finding in &findings {
        *summary.by_severity.entry(finding.severity).or_default() += 1;
        *summary.by_rule.entry(finding.rule).or_default() += 1;
    }
    ContractOutcome {
        name: name.into(),
        source,
        mode: None,
        account_link: None,
        verdict: Verdict::from_findings(&findings, Some(Severity::High)),
        fail_on: Some(Severity::High),
        advice: vec![],
        findings: findings
            .into_iter()
            .map(|finding| Reported::new(finding, None))
            .collect(),
        summary,
        problem: None,
        named: vec![],
    }
}

pub(super) fn problem(message: &str, hint: &str) -> Problem {
    Problem::new(ErrorCode::NoAccounts, message).hint(hint)
}

pub(super) fn advice(message: &str, hint: &str) -> Warning {
    Warning::new(message).hint(hint)
}

pub(super) fn place(path: &str, line: u32) -> Place {
    Place {
        path: path.into(),
        line,
        column: 5,
        end_line: line,
        end_column: 12,
    }
}

pub(super) fn alice() -> Finding {
    Finding {
        rule: Rule::RevenueLeak,
        severity: Severity::High,
        entity: Entity::account("user", "usr_alice"),
        message: "User has an active/trialing Stripe subscription but has_paid_access is false.\n\
                  Revenue leak — user cannot access paid features."
            .into(),
        fix: "Set has_paid_access=true in your webhook handler on subscription activation.".into(),
        subject: Subject {
            account: Some("usr_alice".into()),
            customer: Some("cus_alice".into()),
            subscription: Some("sub_alice_1".into()),
            status: Some("active".into()),
            price: Some("price_pro".into()),
            plan_found: Some("free".into()),
            plan_expected: Some("pro".into()),
            named: Box::default(),
        },
        evidence: vec![
            "Stripe: subscription sub_alice_1 of customer cus_alice is active".to_owned(),
            "users: row usr_alice has has_paid_access = false".to_owned(),
        ]
        .into(),
        amount: money(&[("usd", 2_000)]),
        items_without_amount: 0,
        shares: Box::default(),
        mentions: None,
        fingerprint: "69149926077885fa".into(),
    }
}

/// Returns a finding of that rule, without evidence.
pub(super) fn finding(rule: Rule, entity: &str) -> Finding {
    let entity = contract::testing::entity(entity);
    let id = entity.id().to_owned();
    Finding {
        rule,
        severity: rule.info().severity,
        entity,
        message: format!("{id}: {}.", rule.info().description).into(),
        fix: "Handle `customer.subscription.deleted`.".into(),
        subject: Subject {
            account: Some(id.as_str().into()),
            ..Subject::default()
        },
        evidence: Evidence::default(),
        amount: Money::default(),
        items_without_amount: 0,
        shares: Box::default(),
        mentions: None,
        fingerprint: "0123456789abcdef".into(),
    }
}

/// Returns a finding about an account whose id is in all its texts.
pub(super) fn about(id: &str) -> Finding {
    Finding {
        entity: Entity::account("user", id),
        message: format!("User {id} pays and has no access.\nRevenue leak.").into(),
        fix: format!("Give {id} access.").into(),
        subject: Subject {
            account: Some(id.into()),
            ..Subject::default()
        },
        evidence: vec![format!("users: row {id}")].into(),
        ..alice()
    }
}

pub(super) fn money(amounts: &[(&str, i64)]) -> Money {
    let mut money = Money::default();
    for (currency, minor_units) in amounts {
        money.add(currency, *minor_units);
    }
    money
}

/// Renders the outcome in every format.
pub(super) fn rendered(outcome: &Outcome) -> Vec<String> {
    let mut texts = vec![
        text(outcome, false),
        text(outcome, true),
        json(outcome),
        markdown::job_summary(outcome, "a.yml"),
        markdown::check_summary(outcome, "a.yml"),
        markdown::comment(outcome, "a.yml", CommentLinks::default()),
        markdown::issue(outcome, "a.yml", UnixSeconds(1_795_700_000)),
    ];
    texts.extend(markdown::check_text(outcome, "a.yml"));
    let annotations = annotations(outcome, "a.yml");
    texts.push(workflow_command::annotations(&annotations, "").concat());
    texts.push(format!("{annotations:?}"));
    let here = ReportPaths {
        config: "a.yml",
        folder: "/app",
    };
    let files = FORMATS.iter().map(|format| {
        let mut file = Vec::new();
        format
            .write(outcome, &here, &mut file)
            .expect("memory takes it");
        String::from_utf8(file).expect("UTF-8")
    });
    texts.extend(files);
    texts
}
