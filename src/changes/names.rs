//! Lists the names to search for: those of a finding, and those of a contract.

use std::collections::BTreeSet;

use super::name::{Name, NameKind};
use crate::config::{AccessContract, AccountsQuery, Expression};
use crate::contract::{Field, Finding, Mentions};

/// Maximum number of names taken from the SQL of one column.
const MAX_NAMES_OF_SQL: usize = 4;

/// Maximum number of names of a contract. A map of plans may hold thousands of prices.
const MAX_NAMES_OF_CONTRACT: usize = 300;

/// Lists the names to search for a finding, the most relevant first: the column of its rule, the other columns that it
/// mentions, the table, its plans and its price, and the events that it mentions or that its rule lists.
pub fn names_of_finding(finding: &Finding, contract: &AccessContract) -> Vec<Name> {
    let none = Mentions::default();
    let mentions = finding.mentions.as_deref().unwrap_or(&none);
    let mut names = Names::default();
    let rule = finding.rule.info();
    if let Some(column) = rule.column {
        names.columns(column.field(contract.contract.match_on), contract);
    }
    for field in &mentions.fields {
        if !matches!(field, Field::Id | Field::UpdatedAt | Field::Exempt) {
            names.columns(*field, contract);
        }
    }
    names.table(contract);
    let subject = &finding.subject;
    if rule.compares_plans {
        let plans = [&subject.plan_expected, &subject.plan_found];
        // A customer may pay for several plans.
        for plan in plans
            .into_iter()
            .flatten()
            .flat_map(|plans| plans.split(" or "))
        {
            names.add(NameKind::Plan, plan);
        }
        names.add(
            NameKind::Price,
            subject.price.as_deref().unwrap_or_default(),
        );
    }
    // Events of the last step of a rehearsal come first.
    let (earlier, now): (Vec<_>, Vec<_>) =
        mentions.events.iter().partition(|event| event.is_earlier);
    for event in now.into_iter().chain(earlier) {
        names.add(NameKind::Event, &event.kind);
    }
    for event in rule.events.for_source(contract.contract.source) {
        names.add(NameKind::Event, event);
    }
    names.found
}

/// Lists the columns, table, plans and prices of a contract.
pub fn names_of_contract(contract: &AccessContract) -> Vec<Name> {
    let mut names = Names::default();
    for field in contract.contract.columns.keys() {
        if !matches!(field, Field::Id | Field::UpdatedAt) {
            names.columns(*field, contract);
        }
    }
    names.table(contract);
    for (key, plan) in contract.contract.plans.iter() {
        if names.found.len() >= MAX_NAMES_OF_CONTRACT {
            break;
        }
        for word in plan.words() {
            names.add(NameKind::Plan, word);
        }
        names.add(NameKind::Price, &key.text);
    }
    names.found
}

/// Lists the column of a field, or the columns that its SQL names.
pub(super) fn names_of_field(field: Field, contract: &AccessContract) -> Vec<Name> {
    let mut names = Names::default();
    names.columns(field, contract);
    names.found
}

#[derive(Default)]
struct Names {
    found: Vec<Name>,
    seen: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, kind: NameKind, text: &str) {
        let name = Name::new(kind, text);
        if let Some(name) = name.filter(|name| self.seen.insert(name.normalized.clone())) {
            self.found.push(name);
        }
    }

    /// Adds the column of a field, or the columns that its SQL names.
    fn columns(&mut self, field: Field, contract: &AccessContract) {
        if let Some(name) = column(field, contract) {
            self.add(NameKind::Column, name);
            return;
        }
        if let AccountsQuery::Table { columns, .. } = &contract.database.accounts
            && let Some(Expression::Sql(sql)) = columns.get(&field)
        {
            for name in identifiers(sql) {
                self.add(NameKind::Column, name);
            }
        }
    }

    fn table(&mut self, contract: &AccessContract) {
        if let AccountsQuery::Table { table, .. } = &contract.database.accounts {
            self.add(NameKind::Table, &table.name);
        }
    }
}

fn column(field: Field, contract: &AccessContract) -> Option<&str> {
    contract.contract.columns.get(&field)?.name()
}

/// Lists the distinctive names in SQL, without keywords and quoted text.
fn identifiers(sql: &str) -> impl Iterator<Item = &str> {
    let outside_quotes = sql.split('\'').step_by(2);
    let words =
        outside_quotes.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words
        .filter(|word| Name::new(NameKind::Column, word).is_some_and(|name| name.is_distinctive()))
        .take(MAX_NAMES_OF_SQL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Entity, EventMention, Evidence, Money, Rule, Severity, Subject};

    fn contract(columns: &str) -> AccessContract {
        let text = format!(
            "version: 1\ncontracts:\n  - type: access\n    source_of_truth: stripe\n    database:\n      users_table: \
             accounts\n      columns:\n        id: id\n        stripe_customer_id: customer\n{columns}    plans: \
             {{ price_1Pro: pro, price_1Team: team }}\n"
        );
        config::load(&text, "a.yml").unwrap().contracts.remove(0)
    }

    fn finding(rule: Rule, mentions: Mentions) -> Finding {
        Finding {
            rule,
            severity: Severity::High,
            entity: Entity::account("user", "1"),
            message: "seats, customer.subscription.trial_will_end".into(),
            fix: "".into(),
            subject: Subject {
                plan_expected: Some("pro or team".into()),
                plan_found: Some("a\nb".into()),
                price: Some("price_1Pro".into()),
                ..Subject::default()
            },
            evidence: Evidence::default(),
            amount: Money::default(),
            items_without_amount: 0,
            shares: Box::default(),
            mentions: Some(Box::new(mentions)),
            fingerprint: String::new().into(),
        }
    }

    fn texts(names: &[Name]) -> Vec<&str> {
        names.iter().map(|name| name.text.as_str()).collect()
    }

    const COLUMNS: &str =
        "        has_paid_access: is_entitled\n        plan: tier\n        seats: seats\n";

    #[test]
    fn the_rules_own_column_is_first_and_events_are_last() {
        let event = |kind: &str, is_earlier| EventMention {
            kind: kind.to_owned(),
            id: None,
            is_earlier,
        };
        let finding = finding(
            Rule::PlanDrift,
            Mentions {
                fields: vec![Field::Id, Field::Plan, Field::Seats],
                events: vec![
                    event("customer.subscription.updated", false),
                    event("invoice.paid", true),
                    event("customer.subscription.deleted", false),
                ],
            },
        );
        assert_eq!(
            texts(&names_of_finding(&finding, &contract(COLUMNS))),
            [
                "tier",
                "seats",
                "accounts",
                "pro",
                "team",
                "price_1Pro",
                "customer.subscription.updated",
                "customer.subscription.deleted",
                "invoice.paid",
            ]
        );
    }

    #[test]
    fn a_plan_is_not_a_name_for_an_account_without_access() {
        let finding = finding(Rule::WrongfulAccess, Mentions::default());
        assert_eq!(
            texts(&names_of_finding(&finding, &contract(COLUMNS))),
            [
                "is_entitled",
                "accounts",
                "customer.subscription.deleted",
                "customer.subscription.updated",
            ]
        );
    }

    #[test]
    fn a_column_that_sql_computes_has_the_names_in_it() {
        let columns = "        has_paid_access:\n          sql: \"billing_state in ('active_now') and not coalesce(is_internal, \
                       false) or now() < paid_until\"\n";
        let names = names_of_contract(&contract(columns));
        assert_eq!(
            texts(&names),
            [
                "customer",
                "billing_state",
                "is_internal",
                "paid_until",
                "plan",
                "accounts",
                "pro",
                "price_1Pro",
                "team",
                "price_1Team",
            ]
        );
    }
}
