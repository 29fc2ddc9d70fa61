//! The acting account of a play, and the bystanders.

use fake_stripe::Stage;

use super::{Rehearsing, provider::Buyer};
use crate::{
    commands::failure::Failure,
    config::{Placeholder, Template},
    scratch::{AccountSeed, EMAIL_DOMAIN, Snapshot},
};

/// An account and its customer.
#[derive(Debug)]
pub(super) struct TestAccount {
    pub(super) account: String,
    pub(super) email: String,
    pub(super) buyer: Buyer,
}

impl TestAccount {
    /// Returns the texts that identify its rows.
    pub(super) fn tokens(&self) -> Vec<String> {
        let mut tokens = vec![
            self.account.clone(),
            self.email.clone(),
            self.buyer.customer.to_string(),
        ];
        tokens.extend(self.buyer.subscription_ids().map(ToString::to_string));
        tokens
    }
}

/// An account whose rows must not change.
#[derive(Debug)]
pub(super) struct UntouchedAccount {
    /// Description, such as "an account without a customer".
    pub(super) who: &'static str,
    pub(super) account: String,
    pub(super) email: String,
    pub(super) tokens: Vec<String>,
}

/// Creates an account and its customer. `key` must be unique, and the same in every run.
pub(super) async fn actor(
    rehearsing: &Rehearsing<'_>,
    key: &str,
    stage: Stage,
) -> Result<TestAccount, Failure> {
    let email = email_of(key);
    let mut buyer = rehearsing
        .fake
        .world(|world| Buyer::new(world, stage, &email));
    let account = rehearsing
        .scratch
        .add_account(&AccountSeed {
            wanted_id: id_of(key),
            email: email.clone(),
            customer: Some(buyer.customer.to_string()),
        })
        .await?;
    let namespace = buyer.stage.namespace.clone();
    rehearsing.fake.world(|world| {
        world.note(&namespace, &email);
        // A number may occur anywhere, so it identifies nothing.
        if account.parse::<u64>().is_err() {
            world.note(&namespace, &account);
        }
    });
    let settings = rehearsing.settings;
    let fill = |template: &Template| {
        template.fill(|placeholder| match placeholder {
            Placeholder::AccountId => account.as_str(),
            Placeholder::Email => email.as_str(),
            Placeholder::CustomerId => buyer.customer.as_str(),
        })
    };
    let all = |templates: &std::collections::BTreeMap<String, Template>| {
        let filled = templates.iter();
        filled
            .map(|(name, template)| (name.clone(), fill(template)))
            .collect()
    };
    let reference = settings.checkout.client_reference_id.as_ref().map(fill);
    let session_metadata = all(&settings.checkout.metadata);
    let subscription_metadata = all(&settings.subscription_metadata);
    buyer.client_reference_id = reference;
    buyer.session_metadata = session_metadata;
    buyer.subscription_metadata = subscription_metadata;
    Ok(TestAccount {
        account,
        email,
        buyer,
    })
}

/// Creates an account that never bought anything.
pub(super) async fn without_customer(
    rehearsing: &Rehearsing<'_>,
    who: &'static str,
    key: &str,
) -> Result<UntouchedAccount, Failure> {
    let email = email_of(key);
    let account = rehearsing
        .scratch
        .add_account(&AccountSeed {
            wanted_id: id_of(key),
            email: email.clone(),
            customer: None,
        })
        .await?;
    Ok(UntouchedAccount {
        who,
        tokens: vec![account.clone(), email.clone()],
        account,
        email,
    })
}

/// Takes snapshots of the bystanders' rows, to find later changes.
pub(super) async fn snapshots(
    rehearsing: &Rehearsing<'_>,
    bystanders: &[UntouchedAccount],
) -> Result<Vec<Snapshot>, Failure> {
    let rows = bystanders
        .iter()
        .map(|bystander| rehearsing.scratch.rows_of(&bystander.tokens));
    let rows = futures::future::try_join_all(rows).await;
    rows.map_err(Failure::from)
}

fn id_of(key: &str) -> String {
    format!("pv_{}", key.replace(['.', '-'], "_"))
}

fn email_of(key: &str) -> String {
    format!("{key}@{EMAIL_DOMAIN}")
}
