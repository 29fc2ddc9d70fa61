//! Creates accounts in the scratch database, and their customers at the fake provider.

use std::collections::BTreeMap;

use super::{
    systems::Systems,
    test_accounts::{TestAccount, UntouchedAccount},
    test_customer::{CheckoutValues, EventContext, TestCustomer},
};
use crate::{
    commands::failure::Failure,
    config::{Placeholder, Template},
    rehearsal::AccountEmail,
    scratch::{AccountSeed, EMAIL_DOMAIN},
};

/// Creates an account and its customer. `key` must be unique, and the same in every run; `version` is that of its
/// events, if not the configured one.
pub(super) async fn add_account(
    systems: &Systems<'_>,
    (key, letters): (&str, AccountEmail),
    version: Option<String>,
) -> Result<TestAccount, Failure> {
    let context = EventContext {
        clock: systems.provider.begins,
        version,
        namespace: key.into(),
    };
    let email = match letters {
        AccountEmail::LowerCase => email_of(key),
        AccountEmail::MixedCase => with_capital(&email_of(key)),
    };
    let fake = &systems.provider.fake;
    let mut customer = fake.add_customer(&email, context);
    let seed = AccountSeed {
        wanted_id: id_of(key),
        email: email.clone(),
        customer: Some(customer.id.to_string()),
    };
    let id = systems.database.add_account(&seed).await?;
    fake.note(key, &email);
    fake.note(key, &email.to_lowercase());
    // A number may occur anywhere, so requests cannot be attributed to the account by it.
    if id.parse::<u64>().is_err() {
        fake.note(key, &id);
    }
    customer.checkout = checkout_values(systems, &id, &customer);
    Ok(TestAccount { id, customer })
}

/// Fills in the templates of the configuration.
fn checkout_values(
    systems: &Systems<'_>,
    account: &str,
    customer: &TestCustomer,
) -> CheckoutValues {
    let fill = |template: &Template| {
        template.fill(|placeholder| match placeholder {
            Placeholder::AccountId => account,
            Placeholder::Email => customer.email.as_str(),
            Placeholder::CustomerId => customer.id.as_str(),
        })
    };
    let all = |templates: &BTreeMap<String, Template>| {
        let filled = templates.iter();
        filled
            .map(|(name, template)| (name.clone(), fill(template)))
            .collect()
    };
    let settings = systems.config.settings;
    CheckoutValues {
        client_reference_id: settings.checkout.client_reference_id.as_ref().map(fill),
        metadata: all(&settings.checkout.metadata),
        subscription_metadata: all(&settings.subscription_metadata),
        custom_data: all(&settings.checkout.custom_data),
    }
}

/// Creates an account that never bought anything.
pub(super) async fn add_account_without_customer(
    systems: &Systems<'_>,
    who: &'static str,
    key: &str,
) -> Result<UntouchedAccount, Failure> {
    let email = email_of(key);
    let seed = AccountSeed {
        wanted_id: id_of(key),
        email: email.clone(),
        customer: None,
    };
    let id = systems.database.add_account(&seed).await?;
    Ok(UntouchedAccount {
        who,
        tokens: vec![id.clone(), email.clone()],
        id,
        email,
    })
}

fn id_of(key: &str) -> String {
    format!("pv_{}", key.replace(['.', '-'], "_"))
}

fn with_capital(email: &str) -> String {
    let (first, rest) = email.split_at_checked(1).unwrap_or((email, ""));
    format!("{}{rest}", first.to_uppercase())
}

fn email_of(key: &str) -> String {
    format!("{key}@{EMAIL_DOMAIN}")
}
