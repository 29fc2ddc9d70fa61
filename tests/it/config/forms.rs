//! Keys that can be written in more than one form, and their meaning.

use std::collections::BTreeMap;

use prodverdict::{
    config::{AccountsQuery, Expression, load},
    contract::{
        Field, Included, Pause, PauseMeaning, PlanKey, PlanKeyKind, PricePattern, Seats, Source,
        Status,
    },
    problem::ErrorCode as Code,
};

use super::{EVERYTHING, PATH, VALID, plan_of};

fn prefix(text: &str) -> PricePattern {
    PricePattern::Prefix(text.to_owned())
}

#[test]
fn plans_are_found_by_price_product_and_lookup_key() {
    let config = load(EVERYTHING, PATH).unwrap();
    let contract = &config.contracts[0].contract;
    assert_eq!(plan_of(contract, "price_1ProMonthly"), Some("pro"));
    assert_eq!(plan_of(contract, "price_1ProYearly"), Some("pro"));
    let words = |key: &str| {
        let plan = contract.plans.get(&PlanKey::parse(key, Source::Stripe));
        plan.map(|plan| plan.words().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(words("price_1Pro*"), Some(vec!["pro".into(), "PRO".into()]));
    assert_eq!(words("prod_Gold"), Some(vec!["gold".into()]));
    assert_eq!(words("lookup_key:gold_*"), Some(vec!["gold".into()]));
    assert_eq!(contract.plan_order, ["free", "pro", "gold", "7"]);

    let kinds: Vec<_> = config.contracts[1].contract.plans.iter().collect();
    let kinds: Vec<_> = kinds.into_iter().map(|(key, _)| key.kind).collect();
    assert_eq!(kinds, [PlanKeyKind::Product, PlanKeyKind::Price]);
}

#[test]
fn seats_define_the_prices_that_count_and_those_without_a_limit() {
    let config = load(EVERYTHING, PATH).unwrap();
    let contract = &config.contracts[0].contract;
    let included = [("pro".to_owned(), 3), ("7".to_owned(), 0)];
    assert_eq!(
        contract.seats,
        Seats {
            per_unit: 10,
            included: Included::ByPlan(BTreeMap::from(included)),
            prices: Some(vec![prefix("price_seat_")]),
            unlimited: vec![None, Some(-1)],
            unlimited_prices: Some(vec![PricePattern::Exact("price_1Unlimited".to_owned())]),
        }
    );
    let contract = &config.contracts[3].contract;
    let expected = Seats {
        included: Included::Number(5),
        ..Seats::default()
    };
    assert_eq!(contract.seats, expected);
    assert_eq!(config.contracts[2].contract.seats, Seats::default());
}

#[test]
fn seats_and_status_are_read_from_a_column_or_an_expression() {
    let config = load(EVERYTHING, PATH).unwrap();
    let expression = |contract: usize, field| {
        let AccountsQuery::Table { columns, .. } = &config.contracts[contract].database.accounts
        else {
            panic!("a table")
        };
        columns[&field].clone()
    };
    let column = |name: &str| Expression::Column(name.to_owned());
    assert_eq!(expression(0, Field::Seats), column("seats"));
    assert_eq!(expression(0, Field::Status), column("status"));
    let sql = |sql: &str| Expression::Sql(sql.to_owned());
    assert_eq!(expression(3, Field::Seats), sql("licences"));
    assert_eq!(expression(3, Field::Status), sql("state"));
}

#[test]
fn words_of_a_status_are_those_of_the_application() {
    let config = load(EVERYTHING, PATH).unwrap();
    let words = |status, words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        (status, words)
    };
    let expected: BTreeMap<Status, Vec<String>> = BTreeMap::from([
        words(Status::Active, &["ACTIVE", "TRIAL_OVER"]),
        words(Status::Canceled, &["ENDED"]),
        words(Status::PastDue, &["3"]),
    ]);
    assert_eq!(config.contracts[0].contract.status_words, expected);
}

#[test]
fn each_behavior_of_a_pause_has_its_meaning() {
    use PauseMeaning::{Deny, Grant, Unjudged};

    let config = load(EVERYTHING, PATH).unwrap();
    let meanings = |contract: usize| {
        [Pause::Void, Pause::KeepAsDraft, Pause::MarkUncollectible]
            .map(|pause| config.contracts[contract].contract.pause.meaning(&pause))
    };
    assert_eq!(meanings(0), [Deny, Grant, Unjudged]);
    assert_eq!(meanings(2), [Unjudged, Grant, Grant]);
    assert_eq!(meanings(3), [Deny, Deny, Deny]);
}

#[test]
fn keys_of_metadata_keep_their_spelling() {
    let config = load(EVERYTHING, PATH).unwrap();
    let keys = &config.contracts[0].contract.metadata_account;
    assert_eq!(*keys, ["userId", "workspace_id"]);
}

/// Checks that the one problem of a changed file contains `message` and `help`.
#[track_caller]
fn assert_refused(changes: &[(&str, &str)], message: &str, help: &str) {
    let mut text = VALID.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    let problems = load(&text, PATH).expect_err(message);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].message.contains(message), "{problems:#?}");
    assert!(problems[0].help.contains(help), "{problems:#?}");
}

const PADDLE: (&str, &str) = ("source_of_truth: stripe", "source_of_truth: paddle");

/// Paddle counts requests by the minute.
const PACE: (&str, &str) = ("requests_per_second", "requests_per_minute");
const ENTITLEMENTS: (&str, &str) = (
    "source_of_truth: stripe",
    "source_of_truth: stripe_entitlements",
);
const NO_GRACE: (&str, &str) = ("canceled: until_period_end", "canceled: 3d");

#[test]
fn a_key_of_another_provider_is_refused() {
    let with = |source, key| [source, NO_GRACE, ("price_1Pro: pro", key)].to_vec();
    for (key, what) in [
        ("price_1Pro: pro", "`price_1Pro` is a Stripe price"),
        ("prod_Gold: pro", "`prod_Gold` is a Stripe product"),
        (
            "lookup_key:pro: pro",
            "`lookup_key:pro` is not a Paddle key",
        ),
    ] {
        let help = "with Paddle a key is a price (`pri_…`) or a product (`pro_…`)";
        assert_refused(&[with(PADDLE, key), vec![PACE]].concat(), what, help);
    }
    assert_refused(
        &with(ENTITLEMENTS, "lookup_key:pro: pro"),
        "`lookup_key:pro` is not the key of a feature",
        "the lookup key of a feature",
    );
}

#[test]
fn a_plan_or_an_old_price_may_be_called_pro_monthly() {
    for (key, plan) in [
        ("price_1Pro", "pro_monthly"),
        ("pro_monthly", "pro"),
        ("plan_1", "pro_yearly"),
    ] {
        let text = VALID.replace("price_1Pro: pro", &format!("{key}: {plan}"));
        let config = load(&text, PATH).unwrap();
        assert_eq!(plan_of(&config.contracts[0].contract, key), Some(plan));
    }
    // A feature can have any name.
    let text = VALID
        .replace(ENTITLEMENTS.0, ENTITLEMENTS.1)
        .replace("price_1Pro: pro", "price_alerts: pro");
    load(&text, PATH).unwrap();
}

#[test]
fn paddle_does_not_support_grace_until_the_period_end() {
    assert_refused(
        &[PADDLE, PACE, ("price_1Pro: pro", "pri_1: pro")],
        "canceled at period end stays `active` until then",
        "use a duration",
    );
}

#[test]
fn pauses_of_collection_are_stripes() {
    let pause = ("entity: user", "pause_collection: deny");
    let plan = ("price_1Pro: pro", "pri_1: pro");
    assert_refused(
        &[PADDLE, PACE, NO_GRACE, plan, pause],
        "a pause is the status `paused`",
        "`statuses` says",
    );
    assert_refused(
        &[ENTITLEMENTS, pause],
        "`pause_collection` applies to subscriptions",
        "remove it",
    );
}

#[test]
fn seats_included_by_plan_need_plans() {
    assert_refused(
        &[
            ("plans: { price_1Pro: pro }", "plans: {}"),
            (
                "{ sql: \"quantity\" }",
                "{ column: q, included: { pro: 3 } }",
            ),
        ],
        "`included` names plans, but `plans` is not configured",
        "one number for all",
    );
}

#[test]
fn a_beginning_is_ignored_next_to_a_wider_one_that_is_mapped() {
    let text = VALID.replace("price_1Pro: pro", "price_*: pro");
    load(&text, PATH).unwrap();
    let text = VALID
        .replace("price_1Pro: pro", "price_1*: pro")
        .replace("[price_addon_*]", "[price_*]");
    let problems = load(&text, PATH).unwrap_err();
    assert_eq!(problems[0].code, Code::Conflict);
}

#[test]
fn words_for_a_status_that_only_the_file_defines_are_accepted() {
    let text = VALID
        .replace("deny: [unpaid]", "deny: [unpaid, halted]")
        .replace(
            "        plan: plan\n",
            "        status: { column: s, words: { halted: H } }\n",
        );
    let config = load(&text, PATH).unwrap();
    let halted = Status::parse("halted");
    let words = &config.contracts[0].contract.status_words;
    assert_eq!(
        words.get(&halted).map(Vec::as_slice),
        Some(&["H".to_owned()][..])
    );
}
