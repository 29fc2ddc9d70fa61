//! The one pure function: contract, facts and a time in; findings in their fixed order out.

use super::{
    Advice, Contract, Facts, Finding, Mode, Summary, UnixSeconds, case::Case, guards, rules,
};

/// What a contract comes to on given facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// What the contract itself may have wrong, in order.
    pub advice: Vec<Advice>,
    /// In the order of [`Finding::order`].
    pub findings: Vec<Finding>,
    pub summary: Summary,
}

/// Why the facts allow no verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unanswerable {
    #[error("the accounts query returned no row")]
    NoAccounts,
    #[error("account `{id}` is on more than one row")]
    AccountOnTwoRows { id: String },
    #[error(
        "{linked} accounts are linked, and not one of their customers (`{example}` is one) appears in any subscription"
    )]
    NoCustomerKnown { linked: u64, example: String },
    #[error("the contract says `mode: {}` and `{object}` is not of that mode", .expected.as_str())]
    WrongMode { expected: Mode, object: String },
    #[error("subscription `{subscription}` has no {missing}, which {needed_by} needs")]
    Missing {
        subscription: String,
        missing: &'static str,
        needed_by: &'static str,
    },
}

impl Unanswerable {
    /// The account, customer or subscription that the message names.
    pub fn named(&self) -> Vec<String> {
        match self {
            Self::NoAccounts => Vec::new(),
            Self::AccountOnTwoRows { id } => vec![id.clone()],
            Self::NoCustomerKnown { example, .. } => vec![example.clone()],
            Self::WrongMode { object, .. } => vec![object.clone()],
            Self::Missing { subscription, .. } => vec![subscription.clone()],
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
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
            Self::WrongMode { .. } => "use a key of that mode, or change `mode:`",
            Self::Missing { .. } => {
                "give the subscription as the provider's API returns it, or take the rule or the grace out of the \
                 contract"
            }
        }
        .to_owned()
    }
}

/// Judges `facts` by `contract` as of `now`. Equal inputs give equal results, in whatever order the facts come.
pub fn evaluate(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
) -> Result<Evaluation, Unanswerable> {
    let case = Case::new(contract, facts, now);
    let mut summary = case.summary();
    guards::check(&case, &summary)?;
    rules::judge(&case)?;
    let findings = case.into_findings();
    summary.count_findings(&findings);
    Ok(Evaluation {
        advice: Vec::new(),
        findings,
        summary,
    })
}

#[cfg(test)]
mod tests {
    use crate::contract::testing::{account, contract, facts, item, judge, subscription};

    #[test]
    fn the_order_of_items_does_not_show() {
        let with = |prices: [&str; 3]| {
            let items = || prices.map(|price| item(price, 1));
            let world = facts(
                [account("1").paid().plan("free"), account("2")],
                ["1", "2", "3"].map(|name| subscription(name, "active", "").items(items())),
            );
            judge(&contract(), &world)
        };
        let one = with(["price_pro", "price_team", "price_addon"]);
        let findings = &one.as_ref().expect("an answer").findings;
        assert_eq!(findings.len(), 4, "{findings:#?}");
        assert_eq!(with(["price_addon", "price_team", "price_pro"]), one);
    }

    #[test]
    fn of_several_missing_values_the_same_one_is_named_in_any_order() {
        let mut contract = contract();
        contract.grace.past_due = Some(1);
        let dateless = |name: &str| subscription(name, "past_due", "").dateless();
        let error = |names: [&str; 2]| {
            let world = facts(names.map(account), names.map(dateless));
            judge(&contract, &world).expect_err("no verdict")
        };
        assert_eq!(error(["1", "2"]), error(["2", "1"]));
        assert!(error(["2", "1"]).to_string().contains("`sub_1`"));
    }
}
