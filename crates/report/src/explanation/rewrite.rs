//! Rewrites every text of an explanation. Every struct is destructured, so that a new field does not compile until
//! somebody decides about it.

use super::{ExplainedContract, ExplainedEntity};
use crate::rewrite::{TextKind, TextRewriter, message, reported_with};
use contract::{
    ExplainedAccount, ExplainedField, ExplainedPrice, ExplainedRule, ExplainedState,
    ExplainedSubscription, Explanation, FieldValue, Judgement,
};

pub(in super::super) fn explained(
    explained: &ExplainedEntity,
    to: &impl TextRewriter,
) -> ExplainedEntity {
    let ExplainedEntity {
        requested,
        verdict,
        contracts,
        problems,
        warnings,
    } = explained;
    ExplainedEntity {
        requested: to.text(TextKind::Prose, requested),
        verdict: *verdict,
        contracts: contracts
            .iter()
            .map(|explained| contract(explained, to))
            .collect(),
        problems: problems
            .iter()
            .map(|problem| message(problem, to))
            .collect(),
        warnings: warnings
            .iter()
            .map(|warning| message(warning, to))
            .collect(),
    }
}

fn contract(contract: &ExplainedContract, to: &impl TextRewriter) -> ExplainedContract {
    let ExplainedContract {
        name,
        source,
        verdict,
        customers,
        findings,
        problem: unanswered,
        named,
        provider_requests,
    } = contract;
    let id = |id: &String| to.text(TextKind::Id, id);
    ExplainedContract {
        name: to.text(TextKind::Name, name),
        source: *source,
        verdict: *verdict,
        customers: customers
            .iter()
            .map(|explained| customer(explained, to))
            .collect(),
        findings: findings
            .iter()
            .map(|finding| reported_with(finding, to))
            .collect(),
        problem: unanswered.as_ref().map(|problem| message(problem, to)),
        named: named.iter().map(id).collect(),
        provider_requests: *provider_requests,
    }
}

fn customer(customer: &Explanation, to: &impl TextRewriter) -> Explanation {
    let Explanation {
        customers,
        accounts,
        subscriptions,
        judgement: judged,
    } = customer;
    let id = |id: &String| to.text(TextKind::Id, id);
    Explanation {
        customers: customers.iter().map(id).collect(),
        accounts: accounts
            .iter()
            .map(|explained| account(explained, to))
            .collect(),
        subscriptions: subscriptions
            .iter()
            .map(|explained| subscription(explained, to))
            .collect(),
        judgement: match judged {
            Ok(judged) => Ok(judgement(judged, to)),
            // The texts are rewritten as the contract's problem.
            Err(unanswerable) => Err(unanswerable.clone()),
        },
    }
}

fn account(account: &ExplainedAccount, to: &impl TextRewriter) -> ExplainedAccount {
    let ExplainedAccount {
        id,
        entity,
        fields,
        exempt,
    } = account;
    ExplainedAccount {
        id: to.text(TextKind::Id, id),
        entity: to.text(TextKind::Prose, entity),
        fields: fields
            .iter()
            .map(|explained| field(explained, to))
            .collect(),
        exempt: *exempt,
    }
}

fn field(field: &ExplainedField, to: &impl TextRewriter) -> ExplainedField {
    let ExplainedField {
        field,
        column,
        value,
    } = field;
    let text = |text: &String| to.text(TextKind::Prose, text);
    ExplainedField {
        field: *field,
        // A column name, which is no personal data.
        column: column.clone(),
        value: match value {
            FieldValue::Text(value) => FieldValue::Text(text(value)),
            FieldValue::List(values) => FieldValue::List(values.iter().map(text).collect()),
            FieldValue::Null
            | FieldValue::Boolean(_)
            | FieldValue::Number(_)
            | FieldValue::Time(_) => value.clone(),
        },
    }
}

fn subscription(
    subscription: &ExplainedSubscription,
    to: &impl TextRewriter,
) -> ExplainedSubscription {
    let ExplainedSubscription {
        id,
        customer,
        status,
        created,
        period_start,
        period_end,
        ended_at,
        cancel_scheduled,
        scheduled,
        pause,
        prices,
        access,
        reason,
        decides,
    } = subscription;
    ExplainedSubscription {
        id: to.text(TextKind::Id, id),
        customer: to.text(TextKind::Id, customer),
        status: to.text(TextKind::Name, status),
        created: *created,
        period_start: *period_start,
        period_end: *period_end,
        ended_at: *ended_at,
        cancel_scheduled: *cancel_scheduled,
        scheduled: *scheduled,
        // A word that the provider defines.
        pause: pause.clone(),
        prices: prices
            .iter()
            .map(|explained| price(explained, to))
            .collect(),
        access: access.clone(),
        reason: to.text(TextKind::Prose, reason),
        decides: *decides,
    }
}

fn price(explained: &ExplainedPrice, to: &impl TextRewriter) -> ExplainedPrice {
    let ExplainedPrice {
        price,
        meaning,
        quantity,
        monthly,
    } = explained;
    ExplainedPrice {
        price: to.text(TextKind::Name, price),
        // Plans come from the configuration.
        meaning: meaning.clone(),
        quantity: *quantity,
        monthly: monthly.clone(),
    }
}

fn judgement(judgement: &Judgement, to: &impl TextRewriter) -> Judgement {
    let Judgement { state: of, rules } = judgement;
    Judgement {
        state: of.as_ref().map(|explained| state(explained, to)),
        rules: rules.iter().map(|explained| rule(explained, to)).collect(),
    }
}

fn state(state: &ExplainedState, to: &impl TextRewriter) -> ExplainedState {
    let ExplainedState { access, reason } = state;
    ExplainedState {
        access: *access,
        reason: to.text(TextKind::Prose, reason),
    }
}

fn rule(explained: &ExplainedRule, to: &impl TextRewriter) -> ExplainedRule {
    let ExplainedRule {
        rule,
        account,
        outcome,
        reason,
    } = explained;
    ExplainedRule {
        rule: *rule,
        account: account.as_ref().map(|id| to.text(TextKind::Id, id)),
        outcome: *outcome,
        reason: to.text(TextKind::Prose, reason),
    }
}
