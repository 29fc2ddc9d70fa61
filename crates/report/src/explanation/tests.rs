//! Tests of both formats: exact output for one explanation, and safety for hostile text.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{neutral::is_hidden, sample};
use contract::{
    Account, AccountId, ColumnName, Contract, CustomerId, Facts, Field, Interval, Item, Period,
    Plans, Price, Status, Subscription, SubscriptionId, Terms, UnixSeconds, explain,
};
use problem::Failure;

const NOW: UnixSeconds = UnixSeconds(1_793_491_200);

/// Returns an account that pays and has no access. Its id, customer, plan, price and status are all `id`.
fn about(id: &str) -> ExplainedContract {
    let price = Price {
        currency: Some("usd".to_owned()),
        unit_amount: Some(2000),
        recurring: Some((Interval::Month, 1)),
        ..Price::bare(id)
    };
    let subscription = |status: Status, created| Subscription {
        id: SubscriptionId::from(format!("{id}{created}")),
        customer: CustomerId::from(id),
        created: NOW.plus(created),
        ended_at: None,
        period: Some(Period::new(NOW.plus(-5), NOW.plus(5))),
        details: None,
        terms: Arc::new(Terms {
            status,
            cancel_scheduled: Some(true),
            only_cancel_at: false,
            pause: None,
            days_until_due: None,
            on_test_clock: false,
            items: [Item {
                price: Arc::new(price.clone()),
                quantity: Some(3),
            }]
            .into(),
        }),
    };
    let facts = Facts {
        accounts: vec![Account {
            id: AccountId::from(id),
            customer: Some(CustomerId::from(id)),
            paid: false,
            exempt: false,
            plan: Some(id.into()),
            columns: None,
        }],
        mapped: [Field::Plan].into(),
        subscriptions: vec![
            subscription(Status::Active, -9),
            subscription(Status::Other(id.into()), -8),
        ],
        ..Facts::default()
    };
    let contract = Contract {
        plans: Plans::by_price([(id, id)]),
        columns: [
            (Field::Id, ColumnName::Column("id".to_owned())),
            (Field::Plan, ColumnName::Column("tier".to_owned())),
            (
                Field::HasPaidAccess,
                ColumnName::In {
                    column: "state".to_owned(),
                    values: vec!["on".to_owned(), id.to_owned()],
                },
            ),
        ]
        .into(),
        ..Contract::new(Source::Stripe)
    };
    let explained = explain(&contract, &facts, &[], NOW);
    let findings = explained.findings.into_iter();
    ExplainedContract {
        name: id.to_owned(),
        source: Source::Stripe,
        verdict: Verdict::Fail,
        customers: explained.customers,
        findings: findings
            .map(|finding| Reported::new(finding, None))
            .collect(),
        problem: None,
        named: Vec::new(),
        provider_requests: 3,
    }
}

fn entity(id: &str, contracts: Vec<ExplainedContract>) -> ExplainedEntity {
    ExplainedEntity {
        requested: id.to_owned(),
        verdict: Verdict::Fail,
        contracts,
        problems: Vec::new(),
        warnings: vec![sample::advice(id, id)],
    }
}

fn unanswered(id: &str) -> ExplainedContract {
    let failure = Failure::from(sample::problem(id, id));
    ExplainedContract::unanswered(id, Source::Paddle, failure)
}

#[test]
fn an_explanation_is_printed_exactly() {
    let explained = entity("user:usr_1", vec![about("usr_1")]);
    insta::assert_snapshot!(text(&explained, false));
    assert_eq!(
        summary(&explained),
        "Read 1 account and 2 subscriptions in 3 requests."
    );
}

#[test]
fn an_account_of_several_customers_is_explained_whole() {
    use contract::{
        AccountColumns, Pause,
        testing::{account, contract, facts, subscription},
    };
    let columns = AccountColumns {
        seats: Some(3),
        paid_elsewhere: true,
        past_due_since: Some(NOW),
        other_customers: ["cus_2".into()].into(),
        ..AccountColumns::default()
    };
    let mut paused = subscription("2", "active", "price_pro");
    paused.pause = Some(Pause::KeepAsDraft);
    let mut world = facts(
        [account("1").columns(columns)],
        [subscription("1", "canceled", "price_pro"), paused],
    );
    world.mapped = [
        Field::CustomerId,
        Field::Seats,
        Field::PaidElsewhere,
        Field::PastDueSince,
    ]
    .into();
    let explained = explain(&contract(), &world, &[], NOW);
    let mut contract = about("usr_1");
    contract.customers = explained.customers;
    let explained = entity("user:usr_1", vec![contract]);
    let printed = text(&explained, false);
    for part in [
        "Stripe customer:cus_1, cus_2\n",
        "cus_1, cus_2  (computed)",
        "customer  cus_2",
        "collection is paused as `keep_as_draft`",
        "seats            3",
        "paid_elsewhere   true",
        "past_due_since   2026-11-01T00:00:00Z",
    ] {
        assert!(printed.contains(part), "no `{part}` in {printed}");
    }
    let json: Value = serde_json::from_str(&json(&explained)).unwrap();
    let customer = &json["contracts"][0]["customers"][0];
    assert_eq!(customer["ids"], serde_json::json!(["cus_1", "cus_2"]));
    let cells = customer["accounts"][0]["fields"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["key"] == "customer_id");
    assert_eq!(
        cell.map(|cell| &cell["value"]),
        Some(&serde_json::json!(["cus_1", "cus_2"]))
    );
    let subscriptions = customer["subscriptions"].as_array().unwrap();
    let pause = subscriptions
        .iter()
        .map(|explained| (&explained["customer"], &explained["pause"]));
    let expected = [
        (
            &serde_json::json!("cus_2"),
            &serde_json::json!("keep_as_draft"),
        ),
        (&serde_json::json!("cus_1"), &Value::Null),
    ];
    assert_eq!(pause.collect::<Vec<_>>(), expected);
}

#[test]
fn a_contract_without_a_verdict_has_a_reason() {
    let several = entity("usr_1", vec![about("usr_1"), unanswered("teams")]);
    let printed = text(&several, false);
    for line in [
        "contract usr_1",
        "contract teams",
        "error[no-accounts]: no verdict (contract teams)",
    ] {
        assert!(
            printed.lines().any(|printed| printed == line),
            "{line}\n{printed}"
        );
    }
    let nobody = ExplainedEntity::unanswered("x", vec![sample::problem("nobody", "look")]);
    assert_eq!(
        text(&nobody, false),
        "error[no-accounts]: no verdict\nnobody\nfix: look\n\nVERDICT: ERROR\n"
    );
    assert_eq!(summary(&nobody), "Nothing was explained.");
}

#[test]
fn color_changes_nothing_but_color() {
    let explained = entity("usr_1", vec![about("usr_1"), unanswered("teams")]);
    let colored = text(&explained, true);
    assert!(colored.contains("\u{1b}["));
    assert_eq!(
        anstream::adapter::strip_str(&colored).to_string(),
        text(&explained, false)
    );
}

#[test]
fn the_committed_schema_is_the_one_of_the_structs() {
    let committed = include_str!("../../../../schema/explanation.schema.json");
    assert!(
        committed == schema(),
        "schema/explanation.schema.json is stale; it should be:\n{}",
        schema()
    );
}

#[test]
fn the_schema_refuses_other_documents() {
    let explained = entity("usr_1", vec![about("usr_1")]);
    let mut document: Value = serde_json::from_str(&json(&explained)).unwrap();
    assert!(validator().is_valid(&document));
    document["schema_version"] = 2.into();
    assert!(!validator().is_valid(&document));
    let mut document: Value = serde_json::from_str(&json(&explained)).unwrap();
    document["contracts"][0]["customers"][0]["rules"][0]["outcome"] = "maybe".into();
    assert!(!validator().is_valid(&document));
}

fn validator() -> jsonschema::Validator {
    let schema = include_str!("../../../../schema/explanation.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn hostile_text_has_no_effect(id in sample::hostile()) {
        // A blank customer counts as no customer.
        let id = format!("x{id}");
        let several = entity(&id, vec![about(&id), unanswered(&id)]);
        let innocent = entity("usr_1", vec![about("usr_1"), unanswered("usr_1")]);
        let printed = text(&several, false);
        prop_assert!(printed.lines().count() <= text(&innocent, false).lines().count() + 12, "{}", printed);
        for line in printed.lines() {
            prop_assert!(!line.trim_start().starts_with("::"), "{line}");
            prop_assert!(!line.contains("##["), "{line}");
            prop_assert!(!line.chars().any(is_hidden) || line.contains('\u{200b}'), "{line:?}");
            prop_assert!(line.chars().count() < 1_000, "{line}");
            prop_assert!(!line.starts_with("VERDICT") || line == "VERDICT: FAIL", "{line}");
        }
        let document = json(&several);
        prop_assert!(!document.contains("##["));
        prop_assert!(!document.chars().any(|c| c != '\n' && is_hidden(c)));
        let document: Value = serde_json::from_str(&document).unwrap();
        prop_assert!(validator().is_valid(&document));
        let account = &document["contracts"][0]["customers"][0]["accounts"][0];
        prop_assert_eq!(&account["id"], &Value::from(id.as_str()));
    }
}
