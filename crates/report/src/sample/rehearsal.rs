//! Sample rehearsals for the tests of the renderers.

use super::{Outcome, alice, contract, full_of, outcome};
use crate::{PlayedResult, PlayedScenario, Rehearsed};
use contract::{Entity, Finding, Money, Rule, Source, Subject};

/// Returns a rehearsal of three scenarios, one of which breaks at its second step.
pub(in super::super) fn rehearsal() -> Outcome {
    let mut outcome = outcome(vec![contract(
        "users",
        Source::Stripe,
        vec![access_not_removed()],
    )]);
    outcome.rehearsal = Some(Rehearsed {
        scenarios: vec![
            scenario("first-purchase", PlayedResult::Held),
            scenario("cancel-now", PlayedResult::Broken),
            PlayedScenario {
                left_out: vec!["the contract maps no `seats`".into()],
                plays: 0,
                steps: 0,
                events: 0,
                ..scenario("quantity", PlayedResult::LeftOut)
            },
        ],
    });
    outcome
}

/// Returns a rehearsal with `text` in every field of its scenarios and findings, like [`full_of`].
pub(in super::super) fn rehearsal_full_of(text: &str) -> Outcome {
    let full = PlayedScenario {
        title: text.into(),
        ends: text.into(),
        left_out: vec![text.into(), format!("{text} and {text}")],
        ..scenario(text, PlayedResult::Broken)
    };
    Outcome {
        rehearsal: Some(Rehearsed {
            scenarios: vec![full.clone(), scenario("held", PlayedResult::Held), full],
        }),
        ..full_of(text)
    }
}

pub(in super::super) fn scenario(id: &str, result: PlayedResult) -> PlayedScenario {
    PlayedScenario {
        id: id.into(),
        title: "deleted while the period runs on".into(),
        ends: "no access".into(),
        result,
        left_out: vec![],
        plays: 2,
        steps: 5,
        events: 8,
    }
}

/// Returns the finding of a rehearsal step.
fn access_not_removed() -> Finding {
    Finding {
        rule: Rule::WrongfulAccess,
        entity: Entity::step("cancel-now", "deleted"),
        message: "The subscription is deleted while its period runs on.\n\
                  User has has_paid_access true but no active/trialing Stripe subscription."
            .into(),
        fix: "customer.subscription.deleted changed plan but left `has_paid_access` as it was: take it away in the \
              same update"
            .into(),
        subject: Subject {
            account: Some("rehearsal_cancel_now_1".into()),
            customer: Some("cus_RehearsalCancelNow1".into()),
            named: ["evt_RehearsalCancelNow1".into(), "sub_RehearsalCancelNow1".into()].into(),
            ..Subject::default()
        },
        evidence: vec![
            "sent      customer.subscription.deleted evt_RehearsalCancelNow1: answered 200".to_owned(),
            "provider  sub_RehearsalCancelNow1 is canceled, price_1ProMonthly (pro)".to_owned(),
            "row       id rehearsal_cancel_now_1, has_paid_access true, plan free".to_owned(),
            "changed   users.plan pro → free".to_owned(),
            "called    GET /v1/subscriptions/sub_RehearsalCancelNow1: 200".to_owned(),
            "called    GET /v1/customers/cus_RehearsalCancelNow1: 200".to_owned(),
        ]
        .into(),
        amount: Money::default(),
        ..alice()
    }
}
