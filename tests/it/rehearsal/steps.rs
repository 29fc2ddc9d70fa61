//! Broken handlers that a single step of the scenarios reveals, and unusual correct ones. Each is the example app in
//! Node with a few words replaced.

use std::collections::BTreeSet;

use testing::node_app::Packages;

use super::{
    example_app::{ExampleApp, each},
    skipped,
};

const NOW: &str = "--format json --now 2035-11-01T00:00:00Z";

const LISTS: &str =
    "const lists = await Promise.all([...customers].map((id) => listSubscriptions(stripe, id)));";
const BILLING: &str = "const { owner, ...columns } = billing(account, lists.flat(), now);";
const NO_ACCOUNT: &str = "if (!account || !(await isNew(client, event))) {";

/// A handler with one bug.
struct Broken {
    edits: &'static [(&'static str, &'static str)],
    /// The step that reveals it.
    at: &'static str,
    /// Every scenario that reveals it.
    seen_by: &'static [&'static str],
}

const BROKEN: [Broken; 8] = [
    // The row follows the subscription that was updated last.
    Broken {
        edits: &[(
            BILLING,
            "if (event.type === 'customer.subscription.updated') lists.splice(0, 9, lists.flat().filter((one) => one.id === object.id));
             const { owner, ...columns } = billing(account, lists.flat(), now);",
        )],
        at: "bystanders/another-product-renewed",
        seen_by: &["bystanders"],
    },
    // Any subscription of the customer grants access.
    Broken {
        edits: &[(
            "const isOurs = (one) => planOf(one) || one.id === account.stripe_subscription_id;",
            "const isOurs = () => true;",
        )],
        at: "bystanders/other-bought",
        seen_by: &["bystanders"],
    },
    // The account is found by e-mail.
    Broken {
        edits: &[(
            "const account = customer && (await lockAccount(client, customer, object));",
            "const account = customer && (await byEmail(client, stripe, customer));",
        ), (
            "async function isNew(",
            "async function byEmail(client, stripe, customer) {
               const { email } = await stripe.customers.retrieve(customer);
               const { rows } = await client.query('select * from users where email = $1 for update', [email]);
               return rows[0];
             }
             async function isNew(",
        )],
        at: "customer-gone/canceled-with-that-e-mail",
        seen_by: &["customer-gone"],
    },
    // Only one page of the customer's subscriptions is read.
    Broken {
        edits: &[(
            "return await stripe.subscriptions.list({ customer, status: 'all', limit: 100 }).autoPagingToArray({ limit: 1000 });",
            "return (await stripe.subscriptions.list({ customer, status: 'all' })).data;",
        )],
        at: "resubscribe/renewed",
        seen_by: &["resubscribe"],
    },
    // A one-off payment grants access.
    Broken {
        edits: &[(
            BILLING,
            "const { owner, ...columns } = billing(account, lists.flat(), now);
             if (object.object === 'checkout.session' && object.mode === 'payment') columns.has_paid_access = true;",
        )],
        at: "one-off/credits",
        seen_by: &["one-off"],
    },
    // Every paid invoice grants access.
    Broken {
        edits: &[(
            BILLING,
            "const { owner, ...columns } = billing(account, lists.flat(), now);
             if (event.type === 'invoice.paid') columns.has_paid_access = true;",
        )],
        at: "one-off/invoice-paid",
        seen_by: &["bystanders", "one-off"],
    },
    // Any failed payment takes access away.
    Broken {
        edits: &[(
            BILLING,
            "const { owner, ...columns } = billing(account, lists.flat(), now);
             if (event.type === 'invoice.payment_failed' && !object.parent) columns.has_paid_access = false;",
        )],
        at: "one-off/invoice-failed-2",
        seen_by: &["one-off"],
    },
    // An unknown customer is an error.
    Broken {
        edits: &[(
            NO_ACCOUNT,
            "if (customer && !account) throw new Error('no account');
             if (!account || !(await isNew(client, event))) {",
        )],
        at: "not-ours/bought",
        seen_by: &["not-ours"],
    },
];

#[test]
fn each_step_distinguishes_a_broken_handler_from_the_right_one() {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => return skipped(why),
    };
    let wrong = each(&BROKEN, |broken| {
        let example = ExampleApp::edited(packages, broken.edits);
        example.replace("    grace:", "    ignore_prices: [price_addon]\n    grace:");
        let ran = example.rehearse(NOW).run().with_status(1);
        let report = ran.json();
        let findings = report["findings"].as_array().expect("findings").iter();
        let steps: BTreeSet<String> = findings
            .map(|finding| finding["entity"].as_str().expect("a text"))
            .map(|entity| entity.trim_start_matches("scenario:").to_owned())
            .collect();
        let scenarios: BTreeSet<&str> = steps
            .iter()
            .filter_map(|step| step.split('/').next())
            .collect();
        let is_right =
            steps.contains(broken.at) && scenarios == broken.seen_by.iter().copied().collect();
        (!is_right).then(|| format!("{}: {steps:?}\n{}", broken.at, ran.stdout))
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_reserialized_body_has_no_valid_signature() {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => return skipped(why),
    };
    let edits = [(
        "constructEvent(body, ",
        "constructEvent(JSON.stringify(JSON.parse(body)), ",
    )];
    let example = ExampleApp::edited(packages, &edits);
    let ran = example.rehearse("--scenario first-purchase").run();
    ran.with_status(1);
}

#[test]
fn a_handler_that_trusts_events_passes_before_basil() {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => return skipped(why),
    };
    let edits = [
        (
            LISTS,
            "if (object.object !== 'subscription') return;\n  const lists = [[object]];",
        ),
        (
            "deciding.items.data.map((item) => item.current_period_end)",
            "[deciding.current_period_end]",
        ),
        (
            "subscription.items.data.map((item) => item.current_period_start)",
            "[subscription.current_period_start]",
        ),
    ];
    let example = ExampleApp::edited(packages, &edits);
    example.replace("2026-10-28.endive", "2024-06-20");
    let some = "--scenario renewal --scenario pause --scenario quantity --scenario zero-amount --scenario plan-change";
    example.rehearse(some).run().with_status(0);
}

#[test]
fn requests_for_many_kinds_of_objects_are_answered() {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => return skipped(why),
    };
    let edits = [(
        LISTS,
        "const whole = { expand: ['sources', 'tax_ids', 'tax', 'cash_balance', 'invoice_credit_balance'] };
  await stripe.customers.retrieve(customer, whole);
  await stripe.paymentMethods.list({ customer, type: 'card' });
  await stripe.subscriptions.search({ query: `metadata['userId']:'${account.id}'` });
  await stripe.subscriptionSchedules.list({ customer });
  if (object.object === 'checkout.session') {
    const session = { expand: ['total_details.breakdown', 'customer.tax_ids', 'payment_link', 'line_items.data.price.product'] };
    await stripe.checkout.sessions.retrieve(object.id, session);
  }
  if (object.object === 'subscription') {
    const prices = { expand: ['items.data.price.tiers', 'items.data.price.currency_options', 'latest_invoice.payments'] };
    await stripe.subscriptions.retrieve(object.id, prices);
    await stripe.promotionCodes.list({ customer });
  }
  if (object.object === 'invoice') {
    await stripe.invoices.retrieve(object.id, { expand: ['account_tax_ids', 'latest_revision', 'confirmation_secret'] });
    await stripe.creditNotes.list({ invoice: object.id });
  }
  const lists = await Promise.all([...customers].map((id) => listSubscriptions(stripe, id)));",
    )];
    let example = ExampleApp::edited(packages, &edits);
    let some = "--scenario first-purchase --scenario renewal --scenario dunning --scenario one-off";
    example.rehearse(some).run().with_status(0);
}

#[test]
fn products_are_announced_first_to_applications_that_mirror_them() {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => return skipped(why),
    };
    let edits = [
        ("const HANDLED", "const products = new Set();\n\nconst HANDLED"),
        (
            "  if (!HANDLED.has(event.type)) {",
            "  const { object } = event.data;
  if (event.type === 'product.created') products.add(object.id);
  if (object.object === 'subscription' && object.items.data.some((item) => !products.has(item.price.product))) return 500;
  if (!HANDLED.has(event.type)) {",
        ),
    ];
    let example = ExampleApp::edited(packages, &edits);
    let some = "--scenario bystanders --scenario unknown-price --scenario multi-item";
    example.rehearse(some).run().with_status(0);
}
