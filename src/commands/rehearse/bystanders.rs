//! Creates the bystanders, which are accounts that no run may change.

use super::{
    account_creation::{add_account, add_account_without_customer},
    row_watch::WatchedRows,
    run::ActiveRun,
    selection::unreadable,
    step,
    systems::Systems,
    test_accounts::UntouchedAccount,
};
use crate::{
    commands::failure::Failure,
    rehearsal::{AccountEmail, Provider, ScenarioRun, Variant, built_in},
};

/// Creates a customer who pays, an account that never bought anything, and one with complimentary access. The paying
/// customer is created first, because an over-broad handler may change the others during its purchase.
pub(super) async fn add_all(
    systems: &Systems<'_>,
    key: &str,
) -> Result<Vec<UntouchedAccount>, Failure> {
    let paying = add_paying(systems, key).await?;
    let mut bystanders = add_unpaying(systems, key).await?;
    bystanders.push(paying);
    Ok(bystanders)
}

/// Creates the bystanders without a purchase.
pub(super) async fn add_unpaying(
    systems: &Systems<'_>,
    key: &str,
) -> Result<Vec<UntouchedAccount>, Failure> {
    let free = add_account_without_customer(
        systems,
        "an account without a customer",
        &format!("{key}-free"),
    )
    .await?;
    let comped = add_account_without_customer(
        systems,
        "an account that is let in without paying",
        &format!("{key}-comped"),
    )
    .await?;
    let is_comped = systems.database.grant(&comped.id).await?;
    let mut bystanders = vec![free];
    bystanders.extend(is_comped.then_some(comped));
    Ok(bystanders)
}

/// Creates a customer who buys, and records whether the first purchase granted access.
pub(super) async fn add_paying(
    systems: &Systems<'_>,
    key: &str,
) -> Result<UntouchedAccount, Failure> {
    let key = &format!("{key}-paying");
    let payer = add_account(systems, (key, AccountEmail::LowerCase), None).await?;
    let mut run = ActiveRun::new(payer, WatchedRows::default());
    let scenarios = built_in(Provider::for_source(systems.config.settings.source))
        .map_err(|error| unreadable(&error))?;
    let first = scenarios.first().and_then(|scenario| {
        let play = scenario.plays.first()?;
        let scenario_run = ScenarioRun {
            scenario,
            play,
            variant: Variant::None,
            key: key.to_owned(),
        };
        Some((scenario_run, play.steps.first()?))
    });
    if let Some((scenario_run, step)) = first {
        let has_access = step::buy(systems, &scenario_run, step, &mut run).await?;
        systems.handler.first_sale.get_or_init(|| has_access);
    }
    let payer = run.account;
    Ok(UntouchedAccount {
        who: "another customer, who pays",
        tokens: payer.tokens(),
        email: payer.customer.email,
        id: payer.id,
    })
}
