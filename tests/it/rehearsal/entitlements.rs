//! Rehearsals of contracts about entitlements: a right handler, and those that each scenario reveals.

use std::collections::BTreeSet;

use testing::node_app::Packages;

use super::{
    example_app::{ExampleApp, each},
    skipped,
    small::{ACCOUNTS, Small},
};
use crate::prodverdict;

const NOW: &str = "--format json --now 2035-11-01T00:00:00Z";

/// Accounts with access and a plan, and their contract.
const FEATURES: Small<'static> = Small {
    schema: "create table accts (id text primary key, email text, stripe_customer_id text unique,
      paid boolean not null default false, plan text not null default 'free')",
    contract: "    database:
      url_env: DATABASE_URL
      users_table: accts
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: paid
        plan: plan
    plans: { pro: pro, team: team }
    fail_on: medium
",
    ..ACCOUNTS
};

/// Reads `keys`, the lookup keys of the customer's entitlements, from the API.
const KEYS: &str = "
    const { customer } = event.data.object;
    if (!customer) return;
    const all = stripe.entitlements.activeEntitlements.list({ customer, limit: 100 });
    const keys = (await all.autoPagingToArray({ limit: 1000 })).map((one) => one.lookup_key);";

/// Stores access and the plan of `keys`.
const STORE: &str = "
    const plan = ['team', 'pro'].find((plan) => keys.includes(plan)) ?? 'free';
    const values = [customer, keys.length > 0, plan];
    await db.query('update accts set paid = $2, plan = $3 where stripe_customer_id = $1', values);";

const SUMMARY_ONLY: &str =
    "if (event.type !== 'entitlements.active_entitlement_summary.updated') return;";

/// Stores the entitlements of the API whenever they change.
fn right() -> String {
    [SUMMARY_ONLY, KEYS, STORE].concat()
}

fn example(small: &Small<'_>) -> Option<ExampleApp> {
    let packages = match Packages::install() {
        Ok(packages) => packages,
        Err(why) => {
            skipped(why);
            return None;
        }
    };
    let example = ExampleApp::small(packages, small);
    example.replace(
        "source_of_truth: stripe\n",
        "source_of_truth: stripe_entitlements\n",
    );
    Some(example)
}

fn handled_by(handler: &str) -> Option<ExampleApp> {
    example(&Small {
        handler,
        ..FEATURES
    })
}

#[test]
fn a_handler_that_reads_entitlements_passes() {
    let Some(example) = handled_by(&right()) else {
        return;
    };
    let ran = example.rehearse(NOW).run();
    let report = ran.json();
    let findings = &report["findings"];
    assert_eq!(*findings, serde_json::json!([]), "{}", example.log());
    assert_eq!(ran.status, Some(0), "{ran:#?}");
    let scenarios = report["rehearsal"]["scenarios"].as_array().expect("a list");
    let held: BTreeSet<_> = scenarios
        .iter()
        .filter(|one| one["result"] == "held")
        .map(|one| one["id"].as_str().expect("a text"))
        .collect();
    assert!(held.contains("feature-added"), "{held:?}");
    assert!(held.len() >= 22, "{held:?}");
    assert_eq!(example.database.count("accts"), 0);
}

#[test]
fn an_account_may_be_linked_by_any_event_of_its_purchase() {
    let handler = [
        "const { object } = event.data;
    if (event.type === 'checkout.session.completed' && object.client_reference_id) {
      await db.query('update accts set stripe_customer_id = $1 where id = $2', [object.customer, object.client_reference_id]);
    } else if (event.type !== 'entitlements.active_entitlement_summary.updated') return;",
        KEYS,
        STORE,
    ]
    .concat();
    let small = Small {
        handler: &handler,
        account: "insert into accts (id, email) values ({account_id}, {email})",
        rehearsal: "  checkout: { client_reference_id: '{account_id}' }\n",
        ..FEATURES
    };
    let Some(example) = example(&small) else {
        return;
    };
    let scenarios = "--scenario first-purchase --scenario first-purchase-any-order";
    let ran = example.rehearse(&format!("{NOW} {scenarios}")).run();
    let report = ran.with_status(0).json();
    assert_eq!(report["findings"], serde_json::json!([]));
}

/// A broken handler.
struct Broken {
    handler: String,
    /// The step that reveals it, or one of those with the same cause.
    at: &'static str,
    /// What the report says about that.
    says: &'static str,
}

fn broken() -> Vec<Broken> {
    vec![
        // Only the subscription's own events are handled.
        Broken {
            handler: [
                "if (!['customer.subscription.created', 'customer.subscription.deleted'].includes(event.type)) return;",
                KEYS,
                STORE,
            ]
            .concat(),
            at: "plan-change/upgraded",
            says: "is entitlements.active_entitlement_summary.updated handled?",
        },
        // Access is granted and never taken.
        Broken {
            handler: [SUMMARY_ONLY, KEYS, "if (keys.length === 0) return;", STORE].concat(),
            at: "cancel-now/deleted",
            says: "the handler read the customer's entitlements, so does a condition keep the old values?",
        },
        // Access is taken, but not by the event.
        Broken {
            handler: [
                SUMMARY_ONLY,
                KEYS,
                "await db.query('update accts set plan = $2 where stripe_customer_id = $1', [customer, keys.length ? 'pro' : 'free']);
                 if (keys.length === 0) return;",
                STORE,
            ]
            .concat(),
            at: "cancel-now/deleted",
            says: "take it away when entitlements.active_entitlement_summary.updated lists no entitlement",
        },
        // Only the first entitlement is read.
        Broken {
            handler: [SUMMARY_ONLY, KEYS, "keys.splice(1);", STORE].concat(),
            at: "feature-added/feature-comes",
            says: "the customer has 13 entitlements: read all of them from the API, whatever their position",
        },
        // The first plan stays.
        Broken {
            handler: [
                SUMMARY_ONLY,
                KEYS,
                "const { rows } = await db.query('select plan from accts where stripe_customer_id = $1', [customer]);
                 if (keys.length && rows[0]?.plan && rows[0].plan !== 'free') return;",
                STORE,
            ]
            .concat(),
            at: "plan-change/upgraded",
            says: "the handler read the customer's entitlements, so does a condition keep the old values?",
        },
        // The event is believed, however old it is.
        Broken {
            handler: [
                SUMMARY_ONLY,
                "const { customer, entitlements } = event.data.object;
                 const keys = entitlements.data.map((one) => one.lookup_key);
                 if (entitlements.has_more) keys.push('pro');",
                STORE,
            ]
            .concat(),
            at: "cancel-now/stale-update",
            says: "list the customer's active entitlements from the API and write those, not the event's",
        },
        // The event's list is taken for all.
        Broken {
            handler: [
                SUMMARY_ONLY,
                "const { customer } = event.data.object;
                 const { data } = await stripe.entitlements.activeEntitlements.list({ customer });
                 const keys = data.map((one) => one.lookup_key);",
                STORE,
            ]
            .concat(),
            at: "feature-added/a-dozen-comes",
            says: "entitlements.active_entitlement_summary.updated and a page of the API have 10, and then `has_more`",
        },
    ]
}

#[test]
fn each_broken_handler_fails_the_scenario_about_its_bug() {
    if let Err(why) = Packages::install() {
        return skipped(why);
    }
    let missed = each(&broken(), |broken| {
        let example = handled_by(&broken.handler).expect("checked");
        let scenario = broken.at.split('/').next().expect("a scenario");
        let ran = example
            .rehearse(&format!("{NOW} --scenario {scenario}"))
            .run();
        let report = ran.json();
        let findings = report["findings"].as_array().expect("a list");
        let is_seen = findings.iter().any(|finding| {
            let text = format!(
                "{} {} {}",
                finding["entity"], finding["message"], finding["fix"]
            );
            text.contains(broken.at) && text.contains(broken.says)
        });
        (!is_seen || ran.status != Some(1)).then(|| format!("{}: {findings:#?}", broken.at))
    });
    let missed: Vec<_> = missed.into_iter().flatten().collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn the_list_says_what_is_not_played_for_entitlements() {
    let small = FEATURES.configuration("http://localhost:1/api/stripe/webhook", "127.0.0.1:0");
    let listed = |source: &str| {
        let text = small.replace("truth: stripe\n", &format!("truth: {source}\n"));
        let folder = testing::program::folder(&[("prodverdict.yml", &text)]);
        let ran = prodverdict("rehearse --list").within(folder.path()).run();
        ran.with_status(0).stdout
    };
    let entitlements = listed("stripe_entitlements");
    for line in [
        "feature-added ",
        "not played: an entitlement has no quantity",
        "not played: another price without the plan's feature ends the plan",
        "not played: unpaid: Stripe does not say if an unpaid subscription keeps its features",
    ] {
        assert!(entitlements.contains(line), "{line}: {entitlements}");
    }
    let subscriptions = listed("stripe");
    assert!(!subscriptions.contains("feature-added"), "{subscriptions}");
    assert!(!subscriptions.contains("not played"), "{subscriptions}");
}
