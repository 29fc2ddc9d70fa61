//! Creates the bystanders, which are accounts that no play may change.

use fake_stripe::Stage;

use super::{
    Rehearsing, step,
    test_accounts::{UntouchedAccount, actor, without_customer},
};
use crate::{
    commands::failure::Failure,
    rehearsal::{ScenarioRun, Variant, built_in},
};

/// Creates a customer who pays, an account that never bought anything, and one with complimentary access. The paying
/// one comes first, before an over-broad handler can have touched the others.
pub(super) async fn gather(
    rehearsing: &Rehearsing<'_>,
    key: &str,
) -> Result<Vec<UntouchedAccount>, Failure> {
    let paying = paying(rehearsing, key).await?;
    let mut bystanders = unpaying(rehearsing, key).await?;
    bystanders.push(paying);
    Ok(bystanders)
}

/// Creates the bystanders without a purchase.
pub(super) async fn unpaying(
    rehearsing: &Rehearsing<'_>,
    key: &str,
) -> Result<Vec<UntouchedAccount>, Failure> {
    let free = without_customer(
        rehearsing,
        "an account without a customer",
        &format!("{key}-free"),
    )
    .await?;
    let comped = without_customer(
        rehearsing,
        "an account that is let in without paying",
        &format!("{key}-comped"),
    )
    .await?;
    let is_comped = rehearsing
        .scratch
        .grant(&rehearsing.contract.database, &comped.account)
        .await?;
    let mut bystanders = vec![free];
    bystanders.extend(is_comped.then_some(comped));
    Ok(bystanders)
}

/// Creates a customer who buys.
pub(super) async fn paying(
    rehearsing: &Rehearsing<'_>,
    key: &str,
) -> Result<UntouchedAccount, Failure> {
    let key = &format!("{key}-paying");
    let stage = Stage {
        clock: rehearsing.begins,
        events_version: rehearsing.version.clone(),
        namespace: key.into(),
    };
    let mut payer = actor(rehearsing, key, stage).await?;
    let scenarios = built_in().map_err(|error| super::selection::unreadable(&error))?;
    let first = scenarios.first().and_then(|scenario| {
        let play = scenario.plays.first()?;
        let variant = Variant::None;
        let key = key.to_owned();
        Some((
            ScenarioRun {
                scenario,
                play,
                variant,
                key,
            },
            play.steps.first()?,
        ))
    });
    if let Some((run, step)) = first {
        let has_access = step::buy(rehearsing, &run, step, &mut payer).await?;
        rehearsing.first_sale.get_or_init(|| has_access);
    }
    Ok(UntouchedAccount {
        who: "another customer, who pays",
        tokens: payer.tokens(),
        email: payer.email.clone(),
        account: payer.account,
    })
}
