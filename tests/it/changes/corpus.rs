//! Runs the cases of `cases`: each is a diff with exactly the places that a reader expects.

use std::{collections::BTreeMap, fs, path::Path};

use prodverdict::{
    changes::{ChangedFile, Diff, Finder, names_of_contract, names_of_finding},
    config::{self, AccessContract},
    contract::{Entity, Finding, Money, Rule, Severity, Subject},
};

/// A contract with names that only billing has.
const PLAIN: &str = "\
version: 1
contracts:
  - type: access
    source_of_truth: stripe
    database:
      users_table: users
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: has_paid_access
        plan: plan
        seats: seats
    plans: { price_1ProMonthly: pro, price_1TeamMonthly: team }
";

/// The same in the spelling of Prisma.
const PRISMA: &str = "\
version: 1
contracts:
  - type: access
    source_of_truth: stripe
    database:
      users_table: User
      columns:
        id: id
        stripe_customer_id: stripeCustomerId
        has_paid_access: hasPaidAccess
        plan: plan
    plans: { price_1ProMonthly: pro, price_1TeamMonthly: team }
";

/// A contract with names that half of all code has.
const COMMON: &str = "\
version: 1
contracts:
  - type: access
    source_of_truth: stripe
    database:
      users_table: accounts
      columns:
        id: id
        stripe_customer_id: customer_id
        has_paid_access: { column: status, in: [active, trialing] }
        plan: plan
        seats: seats
    plans: { price_1ProMonthly: pro, price_1TeamMonthly: team }
";

/// A contract whose access is computed by SQL.
const SQL: &str = "\
version: 1
contracts:
  - type: access
    source_of_truth: stripe
    database:
      users_table: workspaces
      columns:
        id: id
        stripe_customer_id: stripe_customer
        has_paid_access: { sql: \"billing_state in ('active_now', 'trialing') and not coalesce(is_internal, false)\" }
";

fn contract(name: &str) -> AccessContract {
    let text = match name {
        "plain" => PLAIN,
        "prisma" => PRISMA,
        "common" => COMMON,
        "sql" => SQL,
        other => panic!("{other} is no contract"),
    };
    let mut config = config::load(text, "prodverdict.yml").expect("a valid configuration");
    config.contracts.remove(0)
}

/// Returns a finding as a check creates it.
fn finding(rule: Rule, column: &str) -> Finding {
    let of_plans = |text: &str| (rule == Rule::PlanDrift).then(|| text.into());
    Finding {
        rule,
        severity: Severity::High,
        entity: Entity::account("user", "usr_1"),
        message: format!("User has an active subscription but {column} says otherwise.").into(),
        fix: format!("Set {column} in your webhook handler.").into(),
        subject: Subject {
            account: Some("usr_1".into()),
            customer: Some("cus_1".into()),
            plan_found: of_plans("team"),
            plan_expected: of_plans("pro"),
            price: of_plans("price_1ProMonthly"),
            ..Subject::default()
        },
        evidence: vec![
            "subscription sub_1 of customer cus_1 is active (price_1ProMonthly → pro)".to_owned(),
        ]
        .into(),
        amount: Money::default(),
        items_without_amount: 0,
        shares: Box::default(),
        mentions: None,
        fingerprint: String::new().into(),
    }
}

struct Case {
    name: String,
    contract: String,
    /// The places that a reader of the diff expects, in order for each rule.
    expected: Vec<String>,
    /// Wrongly reported and wrongly missing places: the limits of matching names.
    known_false: Vec<String>,
    known_missing: Vec<String>,
    files: Vec<ChangedFile>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/changes/cases");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| case(path)).collect()
}

fn case(path: &Path) -> Case {
    let text = fs::read_to_string(path).expect("a case");
    let (header, diff) = text.split_once("\ndiff --git ").expect("a diff");
    let all = |key: &str| -> Vec<String> {
        let lines = header.lines().filter_map(|line| line.strip_prefix(key));
        lines.map(|line| line.trim().to_owned()).collect()
    };
    let name = path.file_stem().expect("a name").to_string_lossy();
    Case {
        name: name.into_owned(),
        contract: all("# contract:").concat(),
        expected: all("# expect:"),
        known_false: all("# false:"),
        known_missing: all("# missing:"),
        files: diff.split("\ndiff --git ").map(file).collect(),
    }
}

/// Parses a file of `git diff` into the form in which GitHub lists it.
fn file(text: &str) -> ChangedFile {
    let (head, patch) = text.split_once("\n@@ ").unwrap_or((text, ""));
    let (names, _) = head.split_once('\n').expect("a line of names");
    let (old, new) = names.split_once(" b/").expect("two names");
    let old = old.trim_start_matches("a/");
    ChangedFile {
        path: new.to_owned(),
        previous_path: (old != new).then(|| old.to_owned()),
        is_added: head.contains("\nnew file mode"),
        is_removed: head.contains("\ndeleted file mode"),
        patch: (!patch.is_empty()).then(|| format!("@@ {patch}")),
    }
}

/// Returns the current text of the file, as far as the diff shows it.
fn now(file: &ChangedFile) -> String {
    let lines = file.patch.iter().flat_map(|patch| patch.lines());
    let lines = lines.filter_map(|line| line.strip_prefix(['+', ' ']));
    lines.collect::<Vec<_>>().join("\n")
}

fn described_changes(case: &Case) -> Vec<String> {
    let contract = contract(&case.contract);
    let diff = Diff::new(&case.files, &[], "prodverdict.yml");
    let mut finder = Finder::new(&diff, names_of_contract(&contract));
    let now: BTreeMap<_, _> = case
        .files
        .iter()
        .map(|file| (file.path.as_str(), now(file)))
        .collect();
    let rules = [
        (Rule::RevenueLeak, "has_paid_access"),
        (Rule::WrongfulAccess, "has_paid_access"),
        (Rule::PlanDrift, "plan"),
        (Rule::OrphanSubscription, "the customer"),
        (Rule::SeatDrift, "seats"),
    ];
    let mut described_changes = Vec::new();
    for (rule, column) in rules {
        let names = names_of_finding(&finding(rule, column), &contract);
        for line in finder.relevant_lines(&names).iter() {
            let change = line.describe(now.get(line.path.as_str()).map(String::as_str));
            described_changes.push(format!(
                "{rule} {}:{} {}",
                change.path, change.line, change.does
            ));
        }
    }
    described_changes
}

#[test]
fn every_place_that_a_reader_expects_is_reported_and_no_other() {
    let (mut hits, mut missing, mut wrong) = (0, 0, 0);
    let mut failures = Vec::new();
    for case in cases() {
        let described_changes = described_changes(&case);
        hits += described_changes
            .iter()
            .filter(|described_change| case.expected.contains(described_change))
            .count();
        missing += case
            .expected
            .iter()
            .filter(|expected| !described_changes.contains(expected))
            .count()
            + case.known_missing.len();
        wrong += described_changes
            .iter()
            .filter(|described_change| !case.expected.contains(described_change))
            .count();
        let mut wanted = case.expected.clone();
        wanted.extend(case.known_false.clone());
        let of_rule = |all: &[String]| -> BTreeMap<String, Vec<String>> {
            let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for change in all {
                let (rule, _) = change.split_once(' ').expect("a rule");
                rules
                    .entry(rule.to_owned())
                    .or_default()
                    .push(change.clone());
            }
            rules
        };
        if of_rule(&described_changes) != of_rule(&wanted) {
            failures.push(format!(
                "{}\n  said\n    {}\n  wanted\n    {}",
                case.name,
                described_changes.join("\n    "),
                wanted.join("\n    ")
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Right, missing and wrong places, as the documentation states them.
    assert_eq!((hits, missing, wrong), (61, 0, 1));
}
