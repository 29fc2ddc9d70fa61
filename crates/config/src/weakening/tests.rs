//! Tests each weakening with its message and line, and changes that do not weaken anything.

use proptest::prelude::*;

use super::{super::load, *};

const BASE: &str = r#"version: 1
contracts:
  - type: access
    name: users
    source_of_truth: stripe
    stripe: { secret_env: STRIPE_SECRET_KEY }
    mode: live
    entity: workspace
    database:
      url_env: DATABASE_URL
      users_table: users
      columns:
        id: id
        customer_id: customer
        has_paid_access: paid
        plan: plan
        seats: { column: seats, per_unit: 10, included: 3, prices: [price_seat_*], unlimited: [-1], unlimited_prices: [price_big] }
        status: { column: status, words: { active: ACTIVE, past_due: LATE } }
        past_due_since: overdue
        updated_at: changed
      join: "left join s on true"
      where: "deleted_at is null"
      match_on: customer_id
      timezone: UTC
    plans: { price_1Pro: pro, price_1Team: team, price_1Big: team }
    plan_order: [hobby, pro, team]
    metadata_account: [ownerId]
    pause_collection: { void: deny, keep_as_draft: unjudged }
    free_plans: [free, hobby]
    ignore_prices: [price_addon_*, price_1Shirt]
    statuses: { grant: [active, trialing], deny: [past_due, unpaid] }
    grace: { past_due: 7d, canceled: 3d }
    rules: { plan-drift: medium, seat-drift: high }
    exempt: [usr_founder]
    severity: high
    fail_on: medium
    confirm_after: 10s
    evidence: on
    period_tolerance: 24h
    allow_empty: false
    links: { account: "https://admin.example.com/users/{id}" }
rehearsal:
  contract: users
  handler: http://localhost:3000/webhook
  account: { sql: "insert into users (id) values ({account_id})" }
  gate: { url: "http://localhost:3000/me", paid: "$.paid" }
  settle: 5s
  scenarios: { skip: [quantity] }
  scenarios_dir: billing/scenarios
  events: [invoice.paid, customer.subscription.deleted]
  handler_paths: [app/api/**, lib/billing.ts]
  allow_remote: false
  allow_rows: false
"#;

/// Text, replacement (`»` begins the marked line), and the message without its beginning.
type WeakeningCase = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const LOOSER: &[WeakeningCase] = &[
    ("fail_on: medium", "»fail_on: high", "lets findings of severity medium pass: `fail_on` changes from `medium` to \
                                           `high`"),
    ("fail_on: medium", "»fail_on: never", "lets findings of severity high and medium pass: `fail_on` changes from \
                                            `medium` to `never`"),
    ("seat-drift: high", "»seat-drift: off", "turns off `seat-drift`: the severity changes from `high` to `off`"),
    ("plan-drift: medium", "»plan-drift: low", "lowers the severity of `plan-drift`: the severity changes from \
                                                `medium` to `low`"),
    ("severity: high", "»severity: low", "lowers the severity of `revenue-leak`, `wrongful-access`, `no-subscription` \
                                          and 2 more: the severity changes from `high` to `low`"),
    ("exempt: [usr_founder]", "exempt:\n      - usr_founder\n      - »usr_1\n      - usr_2", "exempts 2 further \
         accounts from every rule: `exempt` changes from 1 to 3"),
    ("exempt: [usr_founder]", "»exempt: [usr_1]", "exempts 1 further account from every rule: `exempt` changes"),
    ("plan: plan\n", "plan: plan\n        »exempt: { sql: \"true\" }\n", "lets a column exempt accounts: `exempt` \
         changes from none to `true`"),
    ("price_1Shirt]", "»price_1Shirt, price_2*]", "ignores subscriptions to `price_2*`: `ignore_prices` changes from \
                                                   `price_1Shirt` and `price_addon_*` to `price_1Shirt`, `price_2*` \
                                                   and `price_addon_*`"),
    ("price_addon_*", "»price_add*", "ignores subscriptions to `price_add*`: `ignore_prices` changes from \
                                      `price_1Shirt` and `price_addon_*` to `price_1Shirt` and `price_add*`"),
    ("past_due: 7d", "»past_due: 14d", "allows access for longer while a payment is overdue: `past_due` changes from \
                                        `7days` to `14days`"),
    ("canceled: 3d", "»canceled: 4d", "allows access for longer after a subscription ends: `canceled` changes from \
                                       `3days` to `4days`"),
    ("canceled: 3d", "»canceled: until_period_end", "allows access for longer after a subscription ends: `canceled` \
                                                     changes from `3days` to `until_period_end`"),
    ("trialing], deny: [past_due,", "»trialing, past_due], deny: [", "allows access while a subscription is \
         `past_due`: `past_due` changes from `deny` to `grant`"),
    ("[active, trialing], deny: [", "»[active], deny: [trialing, ", "accepts missing access while a subscription is \
         `trialing`: `trialing` changes from `grant` to `deny`"),
    ("deny: [past_due, unpaid]", "»deny: [past_due]", "no longer checks customers whose subscription is `unpaid`: \
                                                       `unpaid` changes from `deny` to neither list"),
    ("free_plans: [free, hobby]", "»free_plans: [free, hobby, pro]", "accepts accounts on `pro` without access: \
         `free_plans` changes from `free` and `hobby` to `free`, `hobby` and `pro`"),
    ("links: { account: \"https://admin.example.com/users/{id}\" }", "»links: { account: \"https://evil.example/{id}\" }", "links accounts to another address: \
         `account` changes from `https://admin.example.com/users/{id}` to `https://evil.example/{id}`"),
    ("price_1Team: team", "»price_1Team: pro", "expects a different plan for 1 price: the plan of `price_1Team` \
                                                changes from `team` to `pro`"),
    ("plans: { price_1Pro: pro, price_1Team: team, price_1Big: team }", "»plans: {}", "no longer checks plans: `plans` \
         changes from 3 prices to none"),
    ("price_1Team: team", "»price_1Team: [team, pro]", "expects a different plan for 1 price: the plan of \
                                                        `price_1Team` changes from `team` to `team or pro`"),
    ("price_1Team: team", "»price_1Team: [team, hobby]", "expects a different plan for 1 price: the plan of \
                                                          `price_1Team` changes from `team` to `team or hobby`"),
    ("plan_order: [hobby, pro, team]", "»plan_order: [hobby, team, pro]", "ranks the plans differently: `plan_order` \
         changes from `hobby`, `pro` and `team` to `hobby`, `team` and `pro`"),
    ("plan_order: [hobby, pro, team]", "»plan_order: []", "accepts any of the plans that are paid for: `plan_order` \
                                                           changes from `hobby`, `pro` and `team` to none"),
    ("metadata_account: [ownerId]", "»metadata_account: [teamId]", "no longer looks for accounts under the metadata \
         key `ownerId`: `metadata_account` changes from `ownerId` to `teamId`"),
    ("{ void: deny, keep_as_draft: unjudged }", "»grant", "allows access while collection is paused: `void` changes \
                                                           from `deny` to `grant`"),
    ("{ void: deny, keep_as_draft: unjudged }", "»{ void: deny, keep_as_draft: unjudged, mark_uncollectible: unjudged }", "no \
         longer checks customers while collection is paused: `mark_uncollectible` changes from `grant` to `unjudged`"),
    ("{ void: deny, keep_as_draft: unjudged }", "»{ void: deny, keep_as_draft: unjudged, mark_uncollectible: deny }", "accepts \
         missing access while collection is paused: `mark_uncollectible` changes from `grant` to `deny`"),
    ("        seats: { column: seats, per_unit: 10", "        »seats: { column: seats, per_unit: 5", "expects \
         different numbers of seats: `per_unit` changes from 10 to 5"),
    ("        seats: { column: seats, per_unit: 10, included: 3", "        »seats: { column: seats, per_unit: 10, included: { pro: 3 }", "expects \
         different numbers of seats: `included` changes from 3 to `pro: 3`"),
    ("        seats: { column: seats, per_unit: 10, included: 3, prices: [price_seat_*]", "        »seats: { column: seats, per_unit: 10, included: 3", "counts \
         the seats of different prices: `prices` changes from `price_seat_*` to all"),
    ("        seats: { column: seats, per_unit: 10, included: 3, prices: [price_seat_*], unlimited: [-1]", "        »seats: { column: seats, per_unit: 10, included: 3, prices: [price_seat_*], unlimited: [-1, null]", "accepts \
         `null` as unlimited seats: `unlimited` changes from `-1` to `-1` and `null`"),
    ("        seats: { column: seats, per_unit: 10, included: 3, prices: [price_seat_*], unlimited: [-1], unlimited_prices: [price_big]", "        »seats: { column: seats, per_unit: 10, included: 3, prices: [price_seat_*], unlimited: [-1]", "lets \
         more prices buy unlimited seats: `unlimited_prices` changes from `price_big` to all"),
    ("        status: { column: status, words: { active: ACTIVE", "        »status: { column: status, words: { active: [ACTIVE, LATE]", "accepts \
         `LATE` as the status `active`: the words of `active` change from `ACTIVE` to `ACTIVE` and `LATE`"),
    ("words: { active: ACTIVE, past_due: LATE } }", "words: { active: ACTIVE, past_due: LATE } }\n        »paid_elsewhere: gift", "lets \
         a column mark accounts as paid elsewhere: `paid_elsewhere` changes from none to `gift`"),
    ("past_due_since: overdue", "»past_due_since: other", "counts the grace of overdue payments from a different time: \
                                                           `past_due_since` changes from `overdue` to `other`"),
    ("entity: workspace", "»entity: team", "no longer looks for accounts under the metadata key `workspaceid`: \
                                            `entity` changes from `workspace` to `team`"),
    ("allow_empty: false", "»allow_empty: true", "accepts a database without accounts: `allow_empty` changes from \
                                                  `false` to `true`"),
    ("period_tolerance: 24h", "»period_tolerance: 36h", "tolerates stored period ends that are further off: \
                                                         `period_tolerance` changes from `1day` to `1day 12h`"),
    ("confirm_after: 10s", "»confirm_after: 1h", "drops findings that disappear within a longer time: `confirm_after` \
                                                  changes from `10s` to `1h`"),
    ("evidence: on", "»evidence: off", "no longer looks for the webhooks behind a finding: `evidence` changes from \
                                        `on` to `off`"),
    ("mode: live", "»mode: test", "accepts objects of the provider's other mode: `mode` changes from `live` to `test`"),
    ("users_table: users", "»users_table: people", "reads different accounts than the base commit: `users_table` \
                                                    changes from `users` to `people`"),
    ("url_env: DATABASE_URL", "»url_env: REPLICA_URL", "reads different accounts than the base commit: `url_env` \
                                                        changes from `DATABASE_URL` to `REPLICA_URL`"),
    ("where: \"deleted_at is null\"", "»where: \"false\"", "reads different accounts than the base commit: `where` \
                                                            changes from `deleted_at is null` to `false`"),
    ("join: \"left join s on true\"", "»join: \"join s on true\"", "reads different accounts than the base commit: \
         `join` changes from `left join s on true` to `join s on true`"),
    ("timezone: UTC", "»timezone: Asia/Tokyo", "reads times of the database differently than the base commit: \
                                                `timezone` changes from `UTC` to `Asia/Tokyo`"),
    ("has_paid_access: paid", "»has_paid_access: { column: status, in: [a, b] }", "reads a column from a different \
         place than the base commit: `has_paid_access` changes from `paid` to `status in a, b`"),
    ("scenarios: { skip: [quantity] }", "scenarios:\n    skip: [quantity,\n      »trial]", "no longer rehearses \
         `trial`: `skip` changes from `quantity` to `quantity` and `trial`"),
    ("scenarios: { skip: [quantity] }", "scenarios:\n    »only: [trial]", "rehearses only 1 scenario: `only` changes \
         from all to `trial`"),
    ("events: [invoice.paid, ", "»events: [", "no longer sends `invoice.paid` to the handler: `events` changes from 2 \
                                               event types to 1 event type"),
    ("scenarios_dir: billing/scenarios", "»scenarios_dir: other", "rehearses the scenarios of a different folder: \
         `scenarios_dir` changes from `billing/scenarios` to `other`"),
    ("handler_paths: [app/api/**, lib/billing.ts]", "»handler_paths: [lib/billing.ts]", "no longer shows findings at \
         the lines of `app/api/**`: `handler_paths` changes from `app/api/**` and `lib/billing.ts` to \
         `lib/billing.ts`"),
    ("paid: \"$.paid\"", "»paid: \"$.other\"", "asks a different URL whether an account has access: `paid` changes \
                                                from `$.paid` to `$.other`"),
    ("http://localhost:3000/me", "»http://localhost:3000/you", "asks a different URL whether an account has access: \
         `url` changes"),
    ("settle: 5s", "»settle: 1m", "gives the handler more time to write: `settle` changes from `5s` to `1m`"),
    ("allow_remote: false", "»allow_remote: true", "lets a rehearsal write to other machines: `allow_remote` changes \
                                                    from `false` to `true`"),
    ("allow_rows: false", "»allow_rows: true", "lets a rehearsal write to a database that holds accounts: `allow_rows` \
                                                changes from `false` to `true`"),
];

/// Lines whose removal weakens the file, the beginning of the marked line, and the message.
#[rustfmt::skip]
const GONE: &[WeakeningCase] = &[
    ("    fail_on: medium\n", "- type: access", "lets findings of severity medium pass: `fail_on` changes from \
                                                 `medium` to `high`"),
    ("    mode: live\n", "- type: access", "accepts objects of the provider's other mode: `mode` changes from `live` \
                                            to either"),
    ("        status: { column: status, words: { active: ACTIVE, past_due: LATE } }\n", "columns:", "no longer reads a \
         column that rules need: `status` changes from `status` to none"),
    ("        past_due_since: overdue\n", "columns:", "counts the grace of overdue payments from a different time: \
                                                       `past_due_since` changes from `overdue` to none"),
    ("    metadata_account: [ownerId]\n", "- type: access", "no longer looks for accounts under the metadata key \
                                                             `ownerId`: `metadata_account` changes from `ownerId` to \
                                                             none"),
    ("    plan_order: [hobby, pro, team]\n", "- type: access", "accepts any of the plans that are paid for: \
         `plan_order` changes from `hobby`, `pro` and `team` to none"),
    ("      where: \"deleted_at is null\"\n", "- type: access", "reads different accounts than the base commit: \
         `where` changes from `deleted_at is null` to none"),
    ("  gate: { url: \"http://localhost:3000/me\", paid: \"$.paid\" }\n", "rehearsal:", "no longer asks the \
         application whether an account has access: the section `gate` is removed"),
    ("  scenarios_dir: billing/scenarios\n", "rehearsal:", "rehearses the scenarios of a different folder: \
                                                            `scenarios_dir` changes from `billing/scenarios` to none"),
];

/// Changes that find as much as before, or more.
#[rustfmt::skip]
const NOT_LOOSER: &[(&str, &str)] = &[
    ("fail_on: medium", "fail_on: low"),
    ("fail_on: medium", "fail_on: medium # still"),
    ("plan-drift: medium", "plan-drift: high"),
    ("[usr_founder]", "[]"),
    ("price_addon_*, price_1Shirt", "price_1Shirt, price_addon_*"),
    ("price_addon_*, price_1Shirt", "price_addon_cap, price_addon_b*"),
    ("[active, trialing]", "[trialing, active]"),
    ("[past_due, unpaid]", "[unpaid, past_due, paused]"),
    ("free_plans: [free, hobby]", "free_plans: [hobby]"),
    ("past_due: 7d", "past_due: 1d"),
    ("past_due: 7d, canceled: 3d", "past_due: 168h, canceled: 72h"),
    ("grace: { past_due: 7d, canceled: 3d }", "grace: {}"),
    ("price_1Team: team", "price_1Team: team, price_2: pro"),
    ("price_1Pro: pro, price_1Team: team", "price_1Team: team, price_1Pro: pro"),
    ("confirm_after: 10s", "confirm_after: 0"),
    ("period_tolerance: 24h", "period_tolerance: 1h"),
    ("        updated_at: changed\n", ""),
    ("        past_due_since: overdue\n", "        past_due_since: overdue\n        period_end: ends\n"),
    ("{ active: ACTIVE, past_due: LATE }", "{ past_due: LATE, active: ACTIVE }"),
    ("[ownerId]", "[ownerId, teamId]"),
    ("{ void: deny, keep_as_draft: unjudged }", "{ void: deny, keep_as_draft: deny }"),
    ("price_1Big: team }", "price_1Big: [team] }"),
    ("skip: [quantity]", "skip: []"),
    ("events: [invoice.paid, ", "events: [invoice.created, invoice.paid, "),
    ("  events: [invoice.paid, customer.subscription.deleted]\n", ""),
    ("handler_paths: [app/api/**, lib/billing.ts]", "handler_paths: [lib/billing.ts, app/api/**, x]"),
    ("settle: 5s", "settle: 1s"),
    ("handler: http://localhost:3000", "handler: http://localhost:4000"),
    ("name: users", "name: people"),
];

fn config(text: &str) -> Config {
    load(text, "prodverdict.yml").unwrap_or_else(|problems| panic!("{problems:?} in {text}"))
}

fn weakenings(base: &str, head: &str) -> Vec<(String, u32)> {
    weakened(&config(base), &config(head))
        .iter()
        .map(|weakening| {
            assert_eq!(weakening.place.path, "prodverdict.yml");
            let message = weakening.message();
            let rest = message.strip_prefix("this pull request ").expect(&message);
            (rest.to_owned(), weakening.place.line)
        })
        .collect()
}

#[track_caller]
fn replaced(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "{from}");
    let changed = BASE.replace(from, to);
    // Other lines use the contract's new name too.
    if to == "name: people" {
        return changed.replace("contract: users", "contract: people");
    }
    changed
}

fn line_of(text: &str, part: &str) -> u32 {
    let before = text.split(part).next().unwrap_or_default();
    u32::try_from(before.matches('\n').count() + 1).expect("a line")
}

#[test]
fn weakenings_are_reported_at_their_lines() {
    for (from, to, sentence) in LOOSER {
        let marked = replaced(from, to);
        let head = marked.replace('»', "");
        let expected = (sentence.to_string(), line_of(&marked, "»"));
        assert_eq!(weakenings(BASE, &head), [expected], "{from} to {to}");
    }
}

#[test]
fn removals_are_reported_where_they_were() {
    for (line, at, sentence) in GONE {
        let head = replaced(line, "");
        let expected = (sentence.to_string(), line_of(&head, at));
        assert_eq!(weakenings(BASE, &head), [expected], "{line}");
    }
}

#[test]
fn changes_that_are_not_weaker_are_not_reported() {
    for (from, to) in NOT_LOOSER {
        let head = replaced(from, to);
        assert_eq!(weakenings(BASE, &head), [], "{from} to {to}");
    }
}

#[test]
fn another_source_or_other_accounts_cannot_be_compared() {
    let head = replaced("STRIPE_SECRET_KEY", "OTHER");
    let sentence = "reads the provider with a different key than the base commit: `secret_env` changes from \
                    `STRIPE_SECRET_KEY` to `OTHER`";
    assert_eq!(weakenings(BASE, &head), [(sentence.to_owned(), 6)]);

    let contract = "version: 1\ncontracts:\n  - type: access\n    source_of_truth: SOURCE\n    database: { query: \"QUERY\" }\n";
    let with =
        |source: &str, query: &str| contract.replace("SOURCE", source).replace("QUERY", query);
    assert_eq!(
        weakenings(&with("stripe", "select 1"), &with("paddle", "select 2")),
        [
            ("reads a different provider than the base commit: `source_of_truth` changes from `stripe` to `paddle`".to_owned(), 4),
            ("reads different accounts than the base commit: `query` changes from `select 1` to `select 2`".to_owned(), 5),
        ]
    );
    let long = "select 1 ".repeat(20);
    assert_eq!(
        weakenings(
            &with("stripe", &long),
            &with("stripe", &format!("{long} where false"))
        ),
        [(
            "reads different accounts than the base commit: `query` changes".to_owned(),
            5
        )]
    );
}

#[test]
fn a_removed_section_is_reported() {
    let head = BASE.split("rehearsal:\n").next().expect("a beginning");
    let sentence = "rehearses nothing: the section `rehearsal` is removed";
    assert_eq!(weakenings(BASE, head), [(sentence.to_owned(), 2)]);
    assert_eq!(weakenings(head, BASE), []);
}

fn contracts(names_and_thresholds: &[(&str, &str)]) -> String {
    let mut text = "version: 1\ncontracts:\n".to_owned();
    for (name, threshold) in names_and_thresholds {
        text.push_str("  - type: access\n");
        if !name.is_empty() {
            text.push_str(&format!("    name: {name}\n"));
        }
        text.push_str(&format!(
            "    fail_on: {threshold}\n    database: {{ query: \"select 1\" }}\n"
        ));
    }
    text
}

#[test]
fn a_contract_is_matched_by_name_or_else_by_content() {
    let base = contracts(&[("a", "high"), ("b", "low")]);
    let swapped = contracts(&[("b", "low"), ("a", "high")]);
    assert_eq!(weakenings(&base, &swapped), []);
    let renamed = contracts(&[("c", "high"), ("b", "low")]);
    assert_eq!(weakenings(&base, &renamed), []);
    let (unnamed, turned) = (
        contracts(&[("", "high"), ("", "low")]),
        contracts(&[("", "low"), ("", "high")]),
    );
    assert_eq!(weakenings(&unnamed, &turned), []);

    let looser = contracts(&[("b", "low"), ("a", "never")]);
    let sentence = "lets findings of severity high pass in the contract `a`: `fail_on` changes from `high` to `never`";
    assert_eq!(weakenings(&base, &looser), [(sentence.to_owned(), 9)]);

    let gone = contracts(&[("b", "low")]);
    let sentence =
        "no longer judges the contract `a`: the number of `contracts` changes from 2 to 1";
    assert_eq!(weakenings(&base, &gone), [(sentence.to_owned(), 2)]);
    let none_of_them = contracts(&[("x", "never")]);
    let sentences: Vec<_> = weakenings(&base, &none_of_them)
        .into_iter()
        .map(|(sentence, _)| sentence)
        .collect();
    assert_eq!(
        sentences,
        [
            "no longer judges the contract `b`: the number of `contracts` changes from 2 to 1",
            "lets findings of severity high pass in the contract `x`: `fail_on` changes from `high` to `never`",
        ]
    );
}

#[test]
fn a_secret_in_either_file_is_not_repeated() {
    let head = replaced("deleted_at is null", "token = 'sk_live_0123456789abcdef'");
    let found = format!("{:?}", weakenings(BASE, &head));
    assert!(
        found.contains("where") && !found.contains("0123456789"),
        "{found}"
    );
}

/// Applies some changes of both kinds.
fn changed(choices: &[bool]) -> String {
    let looser = LOOSER.iter().map(|(from, to, _)| (*from, *to));
    let all = looser.chain(NOT_LOOSER.iter().copied());
    let mut text = BASE.to_owned();
    for ((from, to), chosen) in all.zip(choices) {
        let is_complete = text.matches(from).count() == 1 && to != "name: people";
        if *chosen && is_complete {
            text = text.replace(from, &to.replace('»', ""));
        }
    }
    text
}

proptest! {
    // Each case reads whole files several times.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_file_does_not_weaken_itself(
        choices in prop::collection::vec(prop::bool::weighted(0.2), LOOSER.len() + NOT_LOOSER.len()),
    ) {
        let text = changed(&choices);
        prop_assume!(load(&text, "").is_ok());
        prop_assert_eq!(weakenings(&text, &text), []);
        // Comments and empty lines are not part of the configuration.
        let spaced = text.replace('\n', "\n\n# x\n");
        prop_assert_eq!(weakenings(&text, &spaced), []);
        prop_assert_eq!(weakenings(&spaced, &text), []);
    }

    #[test]
    fn a_weakening_is_found_among_other_changes(
        which in 0..LOOSER.len(),
        choices in prop::collection::vec(prop::bool::weighted(0.1), LOOSER.len() + NOT_LOOSER.len()),
    ) {
        let base = changed(&choices);
        let (from, to, sentence) = *LOOSER.get(which).expect("in range");
        prop_assume!(base.matches(from).count() == 1);
        // Without grace, nothing counts from that time.
        prop_assume!(!from.starts_with("past_due_since") || base.contains("grace: { past_due"));
        let head = base.replace(from, &to.replace('»', ""));
        prop_assume!(load(&base, "").is_ok() && load(&head, "").is_ok());
        let effect = sentence.split(':').next().unwrap_or_default();
        let first_word = effect.split(' ').next().unwrap_or_default();
        let all = weakenings(&base, &head);
        prop_assert!(all.iter().any(|(found, _)| found.starts_with(first_word)), "{all:?}");
    }
}

/// Returns the keys and lines of new SQL.
fn changed_sql(base: &str, head: &str) -> Vec<(&'static str, u32)> {
    let changed = sql_that_differs(&config(base), &config(head));
    let found = changed
        .iter()
        .map(|weakening| (weakening.key, weakening.place.line));
    found.collect()
}

#[test]
fn sql_that_the_base_does_not_have_is_listed() {
    let base = replaced("seats: { column: seats", "seats: { sql: \"s.quantity\"");
    let column = line_of(&base, "seats: {");
    let (join, filter) = (line_of(&base, "join:"), line_of(&base, "where:"));
    for (from, to, expected) in [
        (
            "left join s on true",
            "left join s on false",
            ("join", join),
        ),
        (
            "deleted_at is null",
            "pg_sleep(9) is null",
            ("where", filter),
        ),
        ("s.quantity", "s.quantity + 1", ("seats", column)),
        (
            "has_paid_access: paid",
            "has_paid_access: { sql: \"paid\" }",
            ("has_paid_access", line_of(&base, "has_paid_access")),
        ),
    ] {
        assert_eq!(changed_sql(&base, &base.replace(from, to)), [expected]);
    }
}

#[test]
fn sql_that_is_kept_or_gone_is_not_listed() {
    for (from, to) in [
        ("      join: \"left join s on true\"\n", ""),
        ("users_table: users", "users_table: \"drop table\""),
        (
            "has_paid_access: paid",
            "has_paid_access: { column: a, in: [b] }",
        ),
        ("fail_on: medium", "fail_on: never"),
        ("name: users", "name: people"),
    ] {
        assert_eq!(changed_sql(BASE, &replaced(from, to)), [], "{to}");
    }
}

#[test]
fn all_sql_of_a_new_contract_is_listed() {
    let base = contracts(&[("a", "high")]);
    let head = format!(
        "{base}  - type: access\n    name: b\n    source_of_truth: paddle\n    database: {{ query: \"select 2\" }}\n"
    );
    assert_eq!(changed_sql(&base, &head), [("query", 10)]);
    let moved = base.replace("select 1", "select 2");
    assert_eq!(changed_sql(&base, &moved), [("query", 6)]);
}

#[test]
fn all_sql_is_listed_if_there_is_nothing_to_compare_with() {
    let head = load(&contracts(&[("a", "high")]), "prodverdict.yml").unwrap();
    let keys: Vec<_> = all_sql(&head).iter().map(|sql| sql.key).collect();
    assert_eq!(keys, ["query"]);
}

#[test]
fn a_key_is_compared_with_the_prefix_that_matched_it_before() {
    for key in ["lookup_key:gold_", "prod_1"] {
        let prefix = replaced("1Big: team", &format!("1Big: team, {key}*: pro"));
        let both = prefix.replace("*: pro", &format!("*: pro, {key}2: team"));
        let found = weakenings(&prefix, &both);
        let [(sentence, _)] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert!(
            sentence.ends_with("changes from `pro` to `team`"),
            "{sentence}"
        );
    }
}
