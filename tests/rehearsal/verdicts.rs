//! Verdicts of plays: each fault of a handler as an app of a few lines, and what is said of it.

use crate::{
    node_app::Packages,
    skipped,
    small::{ACCOUNTS, Small},
    stage::Stage,
};

/// The stage of an app; none, and said so, where Node is missing.
fn stage(small: &Small<'_>) -> Option<Stage> {
    match Packages::install() {
        Ok(packages) => Some(Stage::small(packages, small)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

/// Asks the API for the customer's subscriptions and stores one's status; past_due and unpaid are forgotten.
const FORGETS_DUNNING: &str = "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { customer } = event.data.object;
    const { data } = await stripe.subscriptions.list({ customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    const status = one?.status ?? 'canceled';
    if (['active', 'trialing', 'canceled', 'paused', 'incomplete', 'incomplete_expired'].includes(status)) {
      await db.query(
        'update accts set status = $1 where stripe_customer_id = $2 and status is distinct from $1',
        [status, customer],
      );
    }";

#[test]
fn a_medium_finding_does_not_hide_a_high_one() {
    for status in ["", "        status: status\n"] {
        let contract = format!(
            "{}{status}    grace: {{ past_due: 14d }}\n",
            ACCOUNTS.contract
        );
        let small = Small {
            contract: &contract,
            handler: FORGETS_DUNNING,
            ..ACCOUNTS
        };
        let Some(stage) = stage(&small) else { return };
        let ran = stage.rehearse("--format json --scenario dunning").run();
        let findings = ran.with_status(1).findings();
        let first = findings.first().map(String::as_str);
        assert_eq!(first, Some("wrongful-access scenario:dunning/unpaid"));
        let medium = "status-drift scenario:dunning/payment-fails".to_owned();
        assert_eq!(
            findings.contains(&medium),
            !status.is_empty(),
            "{findings:?}"
        );
    }
}
