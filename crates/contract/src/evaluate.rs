//! Evaluates a contract: a pure function of contract, facts and time. Findings have a fixed order.

use super::{
    Advice, Contract, Facts, Field, Finding, Mode, Summary, UnixSeconds,
    case::Case,
    guards,
    rules::{self, Mismatches},
};

/// The result of evaluating a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Possible mistakes in the contract, sorted.
    pub advice: Vec<Advice>,
    /// Findings in the order of [`Finding::order`].
    pub findings: Vec<Finding>,
    pub summary: Summary,
}

/// The reason why the facts allow no verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unanswerable {
    #[error("the accounts query returned no row")]
    NoAccounts,
    #[error("account `{id}` is on more than one row")]
    AccountOnTwoRows { id: String },
    #[error(
        "{linked} accounts are linked, but none of their customers (such as `{example}`) appears in any subscription"
    )]
    NoCustomerKnown { linked: u64, example: String },
    #[error(
        "{paid} accounts have access, but no row has a value in `{column}`, while subscriptions (such as `{example}`) are paid for"
    )]
    NoAccountLinked {
        paid: u64,
        column: String,
        example: String,
    },
    #[error("the contract says `mode: {}`, but `{object}` is not of that mode", .expected.as_str())]
    WrongMode { expected: Mode, object: String },
    #[error("`{column}` is mapped as `{}`, but neither `{example}` nor any other value in it is such an id", .field.as_str())]
    WrongKindOfId {
        field: Field,
        column: String,
        example: String,
    },
    #[error("`in:` of `{}` lists `{written}`, but `{column}` contains `{stored}`", .field.as_str())]
    WordInOtherCase {
        field: Field,
        column: String,
        written: String,
        stored: String,
    },
    #[error("subscription `{subscription}` has no {missing}, which {needed_by} needs")]
    Missing {
        subscription: String,
        missing: &'static str,
        needed_by: &'static str,
    },
}

impl Unanswerable {
    /// Returns the ids of the account, customer or subscription in the message.
    pub fn named(&self) -> Vec<String> {
        match self {
            Self::NoAccounts | Self::WordInOtherCase { .. } => Vec::new(),
            Self::AccountOnTwoRows { id } => vec![id.clone()],
            Self::NoCustomerKnown { example, .. } | Self::WrongKindOfId { example, .. } => {
                vec![example.clone()]
            }
            Self::NoAccountLinked { example, .. } => vec![example.clone()],
            Self::WrongMode { object, .. } => vec![object.clone()],
            Self::Missing { subscription, .. } => vec![subscription.clone()],
        }
    }

    /// Returns the suggested action.
    pub fn hint(&self) -> String {
        match self {
            Self::WrongKindOfId { field, example, .. } => return wrong_kind_hint(*field, example),
            Self::WordInOtherCase { stored, .. } => {
                return format!("write `{stored}`: words are compared exactly");
            }
            Self::NoAccounts => {
                "check that `url_env` names the right database and that `users_table`, `join` and `where` find its \
                 rows; a role under row-level security sees none. `allow_empty: true` accepts an empty table"
            }
            Self::AccountOnTwoRows { .. } => {
                "`id` has to be unique; where a join multiplies rows, make it return one for each account, for example \
                 with `distinct on` or a lateral subquery in `query:`"
            }
            Self::NoCustomerKnown { .. } => {
                "this looks like the key of another provider account, the other of live and test mode, or the wrong \
                 column mapped as the customer id"
            }
            Self::NoAccountLinked { .. } => {
                "map the column that stores the provider's ids now. If these accounts pay in another way, list them under \
                 `exempt` or map `paid_elsewhere`, and put the prices of other products in `ignore_prices`"
            }
            Self::WrongMode { .. } => "use a key of that mode, or change `mode:`",
            Self::Missing { .. } => {
                "give the subscription as the provider's API returns it, or take the rule or the grace out of the \
                 contract"
            }
        }
        .to_owned()
    }
}

fn wrong_kind_hint(field: Field, example: &str) -> String {
    let kind = [
        ("sub_", "a subscription"),
        ("cus_", "a customer"),
        ("ctm_", "a customer"),
        ("price_", "a price"),
        ("pri_", "a price"),
        ("si_", "an item of a subscription"),
        ("prod_", "a product"),
        ("pro_", "a product"),
        ("txn_", "a transaction"),
    ];
    let found = kind
        .into_iter()
        .find(|(prefix, _)| example.starts_with(prefix));
    match (found, field) {
        (None, _) => {
            "an e-mail address is not a provider id: map the column that stores the provider's id"
                .to_owned()
        }
        (Some(("sub_", kind)), Field::CustomerId) => format!(
            "this is the id of {kind}: map the column as `subscription_id` and set `match_on: subscription_id`"
        ),
        (Some(("cus_" | "ctm_", kind)), _) => format!(
            "this is the id of {kind}: map the column as `customer_id` and leave `match_on` out"
        ),
        (Some((_, kind)), _) => {
            format!(
                "this is the id of {kind}: map the column that stores the id of the customer or subscription"
            )
        }
    }
}

/// Judges `facts` by `contract` as of `now`. Equal inputs give equal results, regardless of the order of the facts.
pub fn evaluate(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
) -> Result<Evaluation, Unanswerable> {
    let case = Case::new(contract, facts, now);
    let mut summary = case.summary();
    guards::check(&case, &summary)?;
    let mismatches = Mismatches::find(&case);
    rules::judge(&case, &mismatches)?;
    summary.judged = rules::judged_rules(&case);
    let findings = case.take_findings();
    summary.count_findings(&findings);
    let mut advice = case.advice(&findings);
    advice.extend(mismatches.into_advice());
    advice.sort();
    advice.dedup();
    Ok(Evaluation {
        advice,
        findings,
        summary,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CanceledGrace,
        testing::{account, contract, facts, item, judge, subscription},
    };

    #[test]
    fn the_order_of_items_does_not_change_the_evidence() {
        let with = |prices: [&str; 3]| {
            let items = || prices.map(|price| item(price, 1));
            let world = facts(
                [account("1").paid().plan("free"), account("2")],
                ["1", "2", "3"].map(|name| subscription(name, "active", "").items(items())),
            );
            judge(&contract(), &world)
        };
        let judged = with(["price_pro", "price_team", "price_addon"]);
        let findings = &judged.as_ref().expect("an answer").findings;
        assert_eq!(findings.len(), 4, "{findings:#?}");
        assert_eq!(with(["price_addon", "price_team", "price_pro"]), judged);
    }

    #[test]
    fn the_order_of_facts_does_not_choose_the_missing_value() {
        let mut contract = contract();
        contract.grace.canceled = Some(CanceledGrace::UntilPeriodEnd);
        let dateless = |name: &str| subscription(name, "canceled", "").dateless();
        let error = |names: [&str; 2]| {
            let world = facts(names.map(account), names.map(dateless));
            judge(&contract, &world).expect_err("no verdict")
        };
        assert_eq!(error(["1", "2"]), error(["2", "1"]));
        assert!(error(["2", "1"]).to_string().contains("`sub_1`"));
    }

    #[test]
    fn a_refusal_names_its_object_and_a_remedy() {
        let kinds = [
            (Unanswerable::NoAccounts, None, "allow_empty"),
            (
                Unanswerable::AccountOnTwoRows { id: "usr_1".into() },
                Some("usr_1"),
                "unique",
            ),
            (
                Unanswerable::NoCustomerKnown {
                    linked: 5,
                    example: "cus_1".into(),
                },
                Some("cus_1"),
                "key of another provider account",
            ),
            (
                Unanswerable::WrongMode {
                    expected: Mode::Live,
                    object: "sub_1".into(),
                },
                Some("sub_1"),
                "use a key of that mode",
            ),
            (
                Unanswerable::WordInOtherCase {
                    field: Field::Status,
                    column: "status".into(),
                    written: "active".into(),
                    stored: "ACTIVE".into(),
                },
                None,
                "write `ACTIVE`",
            ),
            (
                Unanswerable::Missing {
                    subscription: "sub_2".into(),
                    missing: "period",
                    needed_by: "the grace",
                },
                Some("sub_2"),
                "as the provider's API returns it",
            ),
        ];
        for (refusal, named, hint) in kinds {
            assert_eq!(refusal.named(), Vec::from_iter(named.map(str::to_owned)));
            assert!(refusal.hint().contains(hint), "{refusal:?}");
        }
    }

    #[test]
    fn an_id_of_the_wrong_kind_gets_advice_for_its_kind() {
        let hint = |field, example: &str| {
            let column = "customer".to_owned();
            let example = example.to_owned();
            let refusal = Unanswerable::WrongKindOfId {
                field,
                column,
                example,
            };
            assert_eq!(refusal.named().len(), 1);
            refusal.hint()
        };
        let cases = [
            (Field::CustomerId, "sub_1", "`match_on: subscription_id`"),
            (
                Field::SubscriptionId,
                "sub_1",
                "column that stores the id of the customer",
            ),
            (
                Field::SubscriptionId,
                "cus_1",
                "map the column as `customer_id`",
            ),
            (
                Field::CustomerId,
                "ctm_1",
                "map the column as `customer_id`",
            ),
            (Field::CustomerId, "price_1", "id of a price"),
            (Field::CustomerId, "pri_1", "id of a price"),
            (Field::CustomerId, "si_1", "id of an item"),
            (Field::CustomerId, "a@b.example", "an e-mail address"),
        ];
        for (field, example, part) in cases {
            let hint = hint(field, example);
            assert!(hint.contains(part), "{example}: {hint}");
        }
    }
}
