//! Outcomes for the browser: few findings and thousands, a pass, no verdict, a rehearsal, and hostile text everywhere.

use std::collections::BTreeMap;

use prodverdict::{
    baseline::{FindingStatus, Since},
    contract::{Entity, Finding, Money, Rule, Severity, Source, Subject, Summary, Verdict},
    problem::{ErrorCode, Place, Problem, Warning},
    report::{Change, ContractOutcome, Outcome, PlayedResult, PlayedScenario, Rehearsed, Reported},
};

/// Text that runs, loads something or breaks out if it is not escaped.
const HOSTILE: [&str; 8] = [
    "<script>window.hostile = 1</script>",
    "\"><img src=x onerror=\"window.hostile = 1\">",
    "'><svg onload=window.hostile=1>",
    "</script><script>window.hostile = 1</script>",
    "</style><style>*{display:none}</style>",
    "<iframe src=https://evil.example></iframe><base href=https://evil.example>",
    "javascript:window.hostile=1",
    "</title></details></li></ol><form action=https://evil.example><input autofocus onfocus=window.hostile=1>",
];

const RULES: [Rule; 5] = [
    Rule::RevenueLeak,
    Rule::WrongfulAccess,
    Rule::PlanDrift,
    Rule::OrphanSubscription,
    Rule::StalePlan,
];

/// Lists the name and the content of each file.
pub(crate) fn all() -> Vec<(&'static str, Outcome)> {
    vec![
        ("some.html", with_findings(40)),
        ("many.html", with_findings(5_000)),
        ("hostile.html", hostile()),
        ("pass.html", pass()),
        ("error.html", error()),
        ("rehearsal.html", rehearsal()),
    ]
}

/// Returns this many findings of five rules in two contracts; every fifth is new.
fn with_findings(findings: usize) -> Outcome {
    let mut contracts = vec![contract("users"), contract("teams")];
    for index in 0..findings {
        let rule = RULES[index % RULES.len()];
        let mut finding = finding(rule, &format!("usr_{index:05}"));
        let units = i64::try_from((index * 37) % findings).expect("a small number");
        finding.amount.add("usd", units * 100 + 100);
        let mut found = Reported::new(finding, None);
        found.status = Some(if index % 5 == 0 {
            FindingStatus::New
        } else {
            FindingStatus::Known
        });
        contracts[usize::from(index % 10 == 9)].findings.push(found);
    }
    let mut outcome = outcome(Verdict::Fail, contracts);
    outcome.since = Some(Since {
        source: "the check run of `1a2b3c4` on `main`".to_owned(),
        fixed: 3,
        lets_known_pass: false,
    });
    outcome
}

fn hostile() -> Outcome {
    let findings = HOSTILE.iter().map(|text| {
        let text = (*text).to_owned();
        let mut finding = finding(Rule::RevenueLeak, &text);
        finding.entity = Entity::account("user", &text);
        finding.message = text.as_str().into();
        finding.fix = text.as_str().into();
        finding.evidence = vec![text.clone()].into();
        let subject = &mut finding.subject;
        subject.customer = Some(text.as_str().into());
        subject.subscription = Some(text.as_str().into());
        for place in [
            &mut subject.status,
            &mut subject.price,
            &mut subject.plan_found,
            &mut subject.plan_expected,
        ] {
            *place = Some(text.as_str().into());
        }
        finding.amount.add(&text, 1);
        Reported {
            place: Some(place(&text)),
            status: Some(FindingStatus::Accepted {
                reason: text.clone(),
                until: Some(text.clone()),
            }),
            changes: vec![Change {
                path: text.clone(),
                line: 1,
                does: text,
            }],
            ..Reported::new(finding, None)
        }
    });
    let mut contracts: Vec<_> = HOSTILE.iter().map(|text| contract(text)).collect();
    contracts[0].findings = findings.collect();
    let mut outcome = outcome(Verdict::Error, contracts);
    outcome.problems = HOSTILE
        .iter()
        .map(|text| {
            let problem = Problem::new(ErrorCode::InvalidValue, *text);
            problem.hint(*text).at(place(text))
        })
        .collect();
    outcome.warnings = HOSTILE
        .iter()
        .map(|text| Warning::new(*text).hint(*text).at(place(text)))
        .collect();
    outcome.rehearsal = Some(Rehearsed {
        scenarios: HOSTILE.iter().map(|text| scenario(text)).collect(),
    });
    outcome
}

fn pass() -> Outcome {
    outcome(Verdict::Pass, vec![contract("users")])
}

fn error() -> Outcome {
    let mut users = contract("users");
    users.problem = Some(
        Problem::new(ErrorCode::NoAccounts, "the accounts query returned no row")
            .hint("Check that `DATABASE_URL` is the right database."),
    );
    outcome(Verdict::Error, vec![users])
}

fn rehearsal() -> Outcome {
    let mut users = contract("users");
    let mut finding = finding(Rule::WrongfulAccess, "cancel-now/deleted");
    finding.entity = Entity::step("cancel-now", "deleted");
    finding.evidence = vec![
        "sent      customer.subscription.deleted evt_1: answered 200".to_owned(),
        "changed   users.plan pro → free".to_owned(),
    ]
    .into();
    users.findings = vec![Reported::new(finding, None)];
    let mut outcome = outcome(Verdict::Fail, vec![users]);
    outcome.rehearsal = Some(Rehearsed {
        scenarios: vec![scenario("cancel-now"), scenario("first-purchase")],
    });
    outcome
}

fn scenario(text: &str) -> PlayedScenario {
    PlayedScenario {
        id: text.to_owned(),
        title: text.to_owned(),
        ends: text.to_owned(),
        result: PlayedResult::Broken,
        left_out: vec![text.to_owned()],
        plays: 1,
        steps: 2,
        events: 3,
    }
}

fn outcome(verdict: Verdict, mut contracts: Vec<ContractOutcome>) -> Outcome {
    for contract in &mut contracts {
        let findings: Vec<_> = contract
            .findings
            .iter()
            .map(|found| found.finding.clone())
            .collect();
        contract.summary.count_findings(&findings);
        contract.verdict = if findings.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
    }
    Outcome {
        verdict,
        contracts,
        problems: Vec::new(),
        warnings: Vec::new(),
        rehearsal: None,
        since: None,
        provenance: None,
        are_changes_known: false,
    }
}

fn contract(name: &str) -> ContractOutcome {
    ContractOutcome {
        name: name.to_owned(),
        source: Source::Stripe,
        mode: None,
        account_link: None,
        verdict: Verdict::Pass,
        fail_on: Some(Severity::High),
        advice: Vec::new(),
        findings: Vec::new(),
        summary: Summary {
            accounts: 1_204,
            linked: 1_180,
            subscriptions: BTreeMap::from([("active".to_owned(), 1_102)]),
            provider_requests: 12,
            ..Summary::default()
        },
        problem: None,
        named: Vec::new(),
    }
}

fn finding(rule: Rule, id: &str) -> Finding {
    Finding {
        rule,
        severity: rule.info().severity,
        entity: Entity::account("user", id),
        message: format!("{id}: {}.", rule.info().description).into(),
        fix: "Handle `customer.subscription.deleted`.".into(),
        subject: Subject {
            account: Some(id.into()),
            customer: Some(format!("cus_of_{id}").into()),
            ..Subject::default()
        },
        evidence: vec![
            format!("Stripe: subscription sub_of_{id} is active"),
            format!("users: row {id} has has_paid_access = false"),
        ]
        .into(),
        amount: Money::default(),
        items_without_amount: 0,
        shares: Box::default(),
        mentions: None,
        fingerprint: "0123456789abcdef".into(),
    }
}

fn place(path: &str) -> Place {
    Place {
        path: path.to_owned(),
        line: 3,
        column: 5,
        end_line: 3,
        end_column: 12,
    }
}
