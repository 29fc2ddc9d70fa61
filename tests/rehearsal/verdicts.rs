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

/// What the tests below do with the customer's subscription, once the API said what it is.
const STORES_STATUS: &str = "
    const { data } = await stripe.subscriptions.list({ customer: event.data.object.customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [one.status, one.customer]);";

#[test]
fn a_handler_that_answers_first_and_writes_later_loses_writes() {
    let handler = format!(
        "response.writeHead(200).end();
    if (!event.type.startsWith('customer.subscription.')) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
    {STORES_STATUS}"
    );
    let small = Small {
        handler: &handler,
        settle: "2s",
        ..ACCOUNTS
    };
    let Some(stage) = stage(&small) else { return };
    let ran = stage
        .rehearse("--scenario failing-write")
        .run()
        .with_status(1);
    ran.says(&[
        "[HIGH] scenario:failing-write/end-not-written",
        "failed after the handler had answered 200 to customer.subscription.deleted",
    ]);
}

#[test]
fn an_error_that_later_events_of_the_step_repair_is_no_finding() {
    let handler = format!(
        "if (event.type === 'checkout.session.completed') {{
      await stripe.subscriptions.retrieve(event.data.object.subscription).catch(() => {{}});
    }}
    if (!event.type.startsWith('customer.subscription.')) return;
    {STORES_STATUS}"
    );
    let small = Small {
        handler: &handler,
        ..ACCOUNTS
    };
    let Some(stage) = stage(&small) else { return };
    stage
        .rehearse("--scenario failing-write")
        .run()
        .with_status(0);
}
