//! Selects the runs of a scenario under a contract: one per price, event order or event version.

use super::{
    action::{BoughtBy, CheckoutPayment, ProviderAction},
    scenario::{Each, EventOrder, Need, Play, Scenario, Step},
    test_prices::{PriceRole, TestPrices},
};
use contract::{Contract, Field, PriceId};

/// The runs of one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioRuns<'s> {
    pub runs: Vec<ScenarioRun<'s>>,
    /// Reasons for skipping parts of it, or all of it: one sentence per part.
    pub left_out: Vec<String>,
}

/// One run of a play with one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioRun<'s> {
    pub scenario: &'s Scenario,
    pub play: &'s Play,
    pub variant: Variant,
    /// A unique key, from which ids are made. It is the same in every rehearsal.
    pub key: String,
}

/// The difference between runs of the same play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    None,
    /// Positions of the events of the step that is sent in every order.
    Order(Vec<usize>),
    AtOnce,
    Price(PriceId),
    /// The version of the events.
    Version(String),
}

/// The ways in which an application can find the account of a subscription created without Checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Links {
    /// True if the account stores its customer from the start.
    pub stored_customer: bool,
    /// True if the application writes the account into the metadata of the subscriptions that it creates.
    pub metadata: bool,
}

impl ScenarioRun<'_> {
    /// Describes the variant; empty without one.
    pub fn description(&self) -> String {
        match &self.variant {
            Variant::None => String::new(),
            Variant::AtOnce => "all events at once".to_owned(),
            Variant::Price(price) => format!("price `{price}`"),
            Variant::Version(version) => format!("events of version {version}"),
            Variant::Order(order) => {
                let step = self
                    .play
                    .steps
                    .iter()
                    .find(|step| step.order == EventOrder::Every);
                let events: Vec<_> = step
                    .into_iter()
                    .flat_map(|step| order.iter().filter_map(|index| step.send.get(*index)))
                    .map(|sending| sending.event.as_str())
                    .collect();
                format!("in the order {}", events.join(", "))
            }
        }
    }
}

/// Selects the runs of a scenario under a contract; `versions` are the event versions whose runs must end with the same
/// rows.
pub fn scenario_runs<'s>(
    scenario: &'s Scenario,
    contract: &Contract,
    prices: &TestPrices,
    (links, versions): (Links, &[String]),
) -> ScenarioRuns<'s> {
    let mut selected = ScenarioRuns {
        runs: Vec::new(),
        left_out: Vec::new(),
    };
    selected
        .left_out
        .extend(unmet(&scenario.needs, contract).map(ToOwned::to_owned));
    if !selected.left_out.is_empty() {
        return selected;
    }
    selected
        .left_out
        .extend(scenario.not_played.iter().cloned());
    for (number, play) in scenario.plays.iter().enumerate() {
        let needs_open_checkout = play.needs.contains(&Need::OpenCheckout);
        let fixed = (needs_open_checkout && links.stored_customer)
            .then_some("`account.sql` stores `{customer_id}`, so a checkout keeps its e-mail");
        let unmet = fixed.or_else(|| unmet(&play.needs, contract).next());
        let lack = unmet.or_else(|| lack(play, prices));
        if let Some(lack) = lack.or_else(|| unlinked(play, links)) {
            selected.left_out.push(match &play.name {
                Some(name) => format!("{name}: {lack}"),
                None => lack.to_owned(),
            });
            continue;
        }
        for (index, variant) in variants(play, prices, versions).into_iter().enumerate() {
            selected.runs.push(ScenarioRun {
                scenario,
                play,
                variant,
                key: format!("{}.{}.{}", scenario.id, number + 1, index + 1),
            });
        }
    }
    selected
}

/// Lists the needed mappings that the contract does not have.
fn unmet<'n>(needs: &'n [Need], contract: &Contract) -> impl Iterator<Item = &'static str> + 'n {
    let has_seats = contract.columns.contains_key(&Field::Seats);
    let has_plans = !contract.plans.is_empty();
    needs.iter().filter_map(move |need| match need {
        Need::Seats => (!has_seats).then_some("`seats` is not mapped"),
        Need::Plans => (!has_plans).then_some("`plans` maps no price"),
        Need::OpenCheckout => None,
    })
}

/// Returns the reason why the play cannot run: the contract lacks one of its prices.
fn lack(play: &Play, prices: &TestPrices) -> Option<&'static str> {
    let mut roles = play
        .steps
        .iter()
        .flat_map(|step| &step.provider)
        .flat_map(ProviderAction::roles);
    roles.find_map(|role: PriceRole| prices.missing_price(role))
}

/// Returns the reason why nothing links the first subscription of a play to its account. A completed Checkout links
/// them.
fn unlinked(play: &Play, links: Links) -> Option<&'static str> {
    let mut is_linked = links.stored_customer;
    for action in play.steps.iter().flat_map(|step| &step.provider) {
        if let ProviderAction::Checkout(checkout) = action {
            is_linked |= checkout.payment != CheckoutPayment::Never;
        }
        if let ProviderAction::Subscribe(subscribe) = action
            && !is_linked
        {
            match subscribe.by {
                BoughtBy::Api if links.metadata => is_linked = true,
                BoughtBy::Api => {
                    return Some(
                        "no Checkout comes first, and neither `{customer_id}` in `account.sql` nor \
                         `subscription_metadata` says whose the subscription is",
                    );
                }
                BoughtBy::Dashboard | BoughtBy::AnotherApp | BoughtBy::Invoice => {
                    return Some(
                        "no Checkout comes first, and no `{customer_id}` in `account.sql` says whose the subscription is",
                    );
                }
            }
        }
    }
    None
}

fn variants(play: &Play, prices: &TestPrices, versions: &[String]) -> Vec<Variant> {
    match play.each {
        Some(Each::Price) => prices
            .paid
            .iter()
            .map(|paid| Variant::Price(paid.price.id.clone()))
            .collect(),
        Some(Each::Shape) if versions.is_empty() => vec![Variant::None],
        Some(Each::Shape) => versions.iter().cloned().map(Variant::Version).collect(),
        None => match play
            .steps
            .iter()
            .find(|step| step.order == EventOrder::Every)
        {
            Some(step) => orders(step),
            None => vec![Variant::None],
        },
    }
}

fn orders(step: &Step) -> Vec<Variant> {
    let mut orders = Vec::new();
    permute(&mut Vec::new(), step.send.len(), &mut orders);
    let mut variants: Vec<_> = orders.into_iter().map(Variant::Order).collect();
    variants.push(Variant::AtOnce);
    variants
}

/// Lists every order of the positions below `length` that begins with `chosen`, starting with ascending order.
fn permute(chosen: &mut Vec<usize>, length: usize, orders: &mut Vec<Vec<usize>>) {
    if chosen.len() == length {
        orders.push(chosen.clone());
        return;
    }
    for next in 0..length {
        if !chosen.contains(&next) {
            chosen.push(next);
            permute(chosen, length, orders);
            chosen.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Provider, built_in};
    use contract::{ColumnName, Source};

    const LINKED: Links = Links {
        stored_customer: true,
        metadata: false,
    };

    fn contract(plans: &[(&str, &str)]) -> Contract {
        let mut contract = Contract::new(Source::Stripe);
        contract.plans = contract::Plans::by_price(plans.iter().copied());
        contract
    }

    #[test]
    fn events_come_in_every_order_and_at_once() {
        let scenarios = built_in(Provider::Stripe).expect("scenarios");
        let contract = contract(&[]);
        let prices = TestPrices::from_contract(&contract).expect("a cast");
        let scenario = scenarios
            .iter()
            .find(|scenario| scenario.id == "first-purchase-any-order");
        let selected = scenario_runs(scenario.expect("there"), &contract, &prices, (LINKED, &[]));
        let descriptions: BTreeSet<_> =
            selected.runs.iter().map(ScenarioRun::description).collect();
        assert_eq!(descriptions.len(), 31);
        assert!(descriptions.contains("all events at once"));
    }

    #[test]
    fn scenarios_that_do_not_apply_are_left_out() {
        let scenarios = built_in(Provider::Stripe).expect("scenarios");
        let mut contract = contract(&[("price_a", "pro")]);
        let prices = TestPrices::from_contract(&contract).expect("a cast");
        let runs_of = |id: &str, contract: &Contract| {
            let scenario = scenarios
                .iter()
                .find(|scenario| scenario.id == id)
                .expect("there");
            let selected = scenario_runs(scenario, contract, &prices, (LINKED, &[]));
            (selected.runs.len(), selected.left_out)
        };
        let second = "at-once: `plans` maps no second paid plan";
        let (runs, left_out) = runs_of("plan-change", &contract);
        assert_eq!(runs, 0);
        assert_eq!(left_out.first().map(String::as_str), Some(second));
        assert_eq!(
            runs_of("quantity", &contract),
            (0, vec!["`seats` is not mapped".to_owned()])
        );
        contract.columns.insert(Field::Seats, ColumnName::Computed);
        assert_eq!(runs_of("quantity", &contract), (1, vec![]));
        assert_eq!(runs_of("resubscribe", &contract).0, 2);
    }

    #[test]
    fn another_product_alone_needs_plans_to_tell_it_by() {
        let scenarios = built_in(Provider::Stripe).expect("scenarios");
        let left_out = |contract: &Contract| {
            let prices = TestPrices::from_contract(contract).expect("a cast");
            let scenario = scenarios
                .iter()
                .find(|scenario| scenario.id == "bystanders");
            scenario_runs(scenario.expect("there"), contract, &prices, (LINKED, &[])).left_out
        };
        assert_eq!(left_out(&contract(&[("price_a", "pro")])), [""; 0]);
        assert_eq!(
            left_out(&contract(&[])),
            ["another-product-alone: `plans` maps no price"]
        );
    }

    #[test]
    fn renewal_is_played_for_each_paid_price() {
        let scenarios = built_in(Provider::Stripe).expect("scenarios");
        let contract = contract(&[("price_a", "pro"), ("price_b", "team"), ("price_0", "free")]);
        let prices = TestPrices::from_contract(&contract).expect("a cast");
        let scenario = scenarios
            .iter()
            .find(|scenario| scenario.id == "renewal")
            .expect("there");
        let selected = scenario_runs(scenario, &contract, &prices, (LINKED, &[]));
        let descriptions: Vec<_> = selected.runs.iter().map(ScenarioRun::description).collect();
        assert_eq!(descriptions, ["price `price_a`", "price `price_b`"]);
    }

    #[test]
    fn other_versions_are_played_if_they_are_listed() {
        let scenarios = built_in(Provider::Stripe).expect("scenarios");
        let contract = contract(&[]);
        let prices = TestPrices::from_contract(&contract).expect("a cast");
        let scenario = scenarios
            .iter()
            .find(|scenario| scenario.id == "api-shapes");
        let scenario = scenario.expect("there");
        let descriptions = |versions: &[String]| -> Vec<String> {
            let selected = scenario_runs(scenario, &contract, &prices, (LINKED, versions));
            selected.runs.iter().map(ScenarioRun::description).collect()
        };
        assert_eq!(descriptions(&[]), [""]);
        let versions = ["2024-06-20", "2026-10-28.endive"].map(str::to_owned);
        assert_eq!(
            descriptions(&versions),
            versions.map(|version| format!("events of version {version}"))
        );
    }

    #[test]
    fn plays_without_checkout_need_a_link_to_the_account() {
        let scenarios = built_in(Provider::Stripe).expect("scenarios");
        let contract = contract(&[("price_a", "pro"), ("price_b", "team")]);
        let prices = TestPrices::from_contract(&contract).expect("a cast");
        let left_out = |stored_customer, metadata| -> Vec<String> {
            let links = Links {
                stored_customer,
                metadata,
            };
            let left_out_of =
                |scenario| scenario_runs(scenario, &contract, &prices, (links, &[])).left_out;
            let all = scenarios.iter().flat_map(left_out_of);
            let of_links = all.filter(|reason| reason.contains("no Checkout comes first"));
            of_links.collect()
        };
        assert_eq!(left_out(true, false), [""; 0]);
        assert_eq!(left_out(false, true), [""; 0]);
        let names: Vec<_> = left_out(false, false)
            .iter()
            .filter_map(|reason| Some(reason.split_once(": ")?.0.to_owned()))
            .collect();
        assert_eq!(names, ["confirmed", "incomplete", "paid-at-last"]);
    }

    #[test]
    fn subscriptions_made_in_the_dashboard_have_no_metadata() {
        let text = "id: mine\ntitle: t\nends: e\nwhy: w\nplays:\n  - steps:\n      - id: made\n        does: somebody makes \
                    one\n        provider:\n          - subscribe: { by: dashboard }\n        send:\n          - \
                    customer.subscription.created\n        then: { access: yes }\n";
        let scenario = crate::parse("mine.yml", text, Provider::Stripe).expect("a scenario");
        let contract = contract(&[("price_a", "pro")]);
        let prices = TestPrices::from_contract(&contract).expect("a cast");
        let links = |stored_customer| Links {
            stored_customer,
            metadata: true,
        };
        assert_eq!(
            scenario_runs(&scenario, &contract, &prices, (links(true), &[])).left_out,
            [""; 0]
        );
        assert_eq!(
            scenario_runs(&scenario, &contract, &prices, (links(false), &[])).left_out,
            [
                "no Checkout comes first, and no `{customer_id}` in `account.sql` says whose the subscription is"
            ]
        );
    }
}
