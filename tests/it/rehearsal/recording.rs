//! `prodverdict record`: the lifecycles of two hundred customers of a fake Stripe, the files written from them, and a
//! handler with a bug that only these files find.

use std::{collections::BTreeSet, fs, path::Path};

use fake_stripe::{FakeStripe, Key, Permission, World};
use serde_json::Value;
use tempfile::TempDir;
use testing::{
    node_app::Packages,
    program::{KEY, Program, ProgramOutput, folder, write},
};

use super::{
    example_app::ExampleApp,
    lifecycles::{NOW, world, world_with_event_ids},
    skipped,
    small::{ACCOUNTS, Small},
};
use crate::prodverdict;

const NOW_TEXT: &str = "2026-11-25T00:00:00Z";

const PLANS: &str =
    "    plans: { price_secret_pro: pro, price_secret_team: team, price_secret_max: max }\n";

const CONTRACT: &str = "version: 1
contracts:
  - type: access
    name: shop
    source_of_truth: stripe
    stripe: { secret_env: STRIPE_SECRET_KEY }
    database:
      url_env: DATABASE_URL
      users_table: accts
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: { column: status, in: [active, trialing] }
        plan: plan
";

fn record(folder: &Path, stripe: &FakeStripe, arguments: &str) -> Program {
    prodverdict(&format!("record --now {NOW_TEXT} {arguments}"))
        .within(folder)
        .variable("STRIPE_API_BASE", &stripe.base_url())
        .variable("STRIPE_SECRET_KEY", KEY)
}

fn shop() -> TempDir {
    folder(&[("prodverdict.yml", &format!("{CONTRACT}{PLANS}"))])
}

/// Lists the written files and their texts, sorted by name.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder.join("scenarios"))
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    files.sort();
    files
}

fn recorded() -> (TempDir, FakeStripe, ProgramOutput) {
    let (shop, stripe) = (shop(), FakeStripe::start_anywhere(world()).expect("a fake"));
    let ran = record(shop.path(), &stripe, "").run().with_status(0);
    (shop, stripe, ran)
}

#[test]
fn two_hundred_lifecycles_become_the_shapes_that_are_missing() {
    let (shop, _stripe, ran) = recorded();
    let shapes = "7 new shapes in scenarios
      20  recorded-001-1372ce16.yml  checkout, renew (paid: no), payment failed, change price (price: other), recover
      10  recorded-002-8406828a.yml  checkout (trial_days: 14), change price (price: other), end trial (then: convert)
       8  recorded-003-d52aee5a.yml  checkout, change price (price: other), change price (price: third)
       5  recorded-004-c005705a.yml  checkout, pause collection (behavior: void), cancel now
       4  recorded-005-3fb6d2b1.yml  checkout (quantity: 2), schedule cancel, change quantity (quantity: 3), keep
       3  recorded-006-94020087.yml  checkout (trial_days: 14), end trial (then: payment_fails)
       3  recorded-007-af8066c0.yml  subscribe (by: dashboard), subscribe (by: dashboard, payment: fails, subscription: second)
`rehearse` plays them once `rehearsal.scenarios_dir` names this folder
";
    assert!(ran.stdout.ends_with(shapes), "{}", ran.stdout);
    let ran = ran.says(&[
        "2980 events of the last 30 days in live mode, 200 customers\n",
        "140 lifecycles are played by built-in scenarios\n",
        "7 lifecycles are not playable\n",
        "       7  a customer whose purchases are not in the log\n",
    ]);
    assert_eq!(ran.stderr, "");
    let files = files(shop.path());
    assert_eq!(files.len(), 7);
    assert_eq!(files[0].0, "recorded-001-1372ce16.yml");
    assert_eq!(files[0].1, include_str!("recorded.yml"));
}

#[test]
fn equal_events_give_equal_files() {
    let (shop, stripe, first) = recorded();
    let before = files(shop.path());
    let second = record(shop.path(), &stripe, "").run().with_status(0);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(files(shop.path()), before);
}

/// Collects every text in the events that could identify a person or an object.
fn collect_identifying(value: &Value, texts: &mut BTreeSet<String>) {
    let values = value.as_array().into_iter().flatten();
    let fields = value
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.values());
    for inside in values.chain(fields) {
        collect_identifying(inside, texts);
    }
    let text = value.as_str().unwrap_or_default();
    let is_word = |letter: u8| letter.is_ascii_lowercase() || letter == b'_';
    if text.len() >= 8 && text.contains(['_', '@']) && !text.bytes().all(is_word) {
        texts.insert(text.to_owned());
    }
}

#[test]
fn no_personal_data_is_written_or_printed() {
    let (shop, _stripe, ran) = recorded();
    let (world, event_ids) = world_with_event_ids();
    let mut forbidden: BTreeSet<String> = event_ids.iter().cloned().collect();
    for event in event_ids.iter().filter_map(|id| world.find_event(id)) {
        collect_identifying(&event.object, &mut forbidden);
    }
    assert!(forbidden.len() > 2_000, "{}", forbidden.len());
    let mut all = ran.all();
    for (name, text) in files(shop.path()) {
        all += &name;
        all += &text;
    }
    for text in &forbidden {
        assert!(
            !all.contains(text.as_str()),
            "`{text}` is in the output\n{all}"
        );
    }
    for text in [
        "Canary",
        "canary",
        "price_secret",
        "77424",
        "4217",
        "Lovelace",
        KEY,
    ] {
        assert!(!all.contains(text), "`{text}` is in the output\n{all}");
    }
}

#[test]
fn other_files_stay_and_recorded_ones_are_replaced() {
    let (shop, stripe, _) = recorded();
    let folder = shop.path().join("scenarios");
    let renamed = folder.join("renamed.yml");
    fs::rename(folder.join("recorded-004-c005705a.yml"), &renamed).expect("renamed");
    write(&folder, "mine.yml", "id: mine\n");
    write(&folder, "notes.txt", "keep me");
    stripe.world(|world| *world = World::new(NOW));
    let ran = record(shop.path(), &stripe, "").run().with_status(0);
    let names: Vec<_> = files(shop.path())
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["mine.yml", "notes.txt"]);
    ran.says(&["no new shapes", "7 earlier recorded files removed"]);
}

#[test]
fn a_file_of_the_users_is_never_overwritten() {
    let (shop, stripe) = (shop(), FakeStripe::start_anywhere(world()).expect("a fake"));
    fs::create_dir(shop.path().join("scenarios")).expect("a folder");
    write(
        &shop.path().join("scenarios"),
        "recorded-002-8406828a.yml",
        "mine",
    );
    let ran = record(shop.path(), &stripe, "").run().with_status(2);
    ran.says(&["was not recorded, so it is not replaced", "`--out`"]);
    assert_eq!(
        files(shop.path()),
        [("recorded-002-8406828a.yml".to_owned(), "mine".to_owned())]
    );
}

#[test]
fn a_log_without_anything_new_writes_no_folder() {
    let mut world = World::new(NOW);
    world.livemode = true;
    let (shop, stripe) = (shop(), FakeStripe::start_anywhere(world).expect("a fake"));
    let ran = record(shop.path(), &stripe, "").run().with_status(0);
    ran.says(&["0 events", "no new shapes"]);
    assert!(!shop.path().join("scenarios").exists());
}

#[test]
fn a_key_that_may_not_read_events_gets_the_missing_permission() {
    let mut world = world();
    world
        .keys
        .add(Key::restricted(KEY, [Permission::SubscriptionRead]));
    let (shop, stripe) = (shop(), FakeStripe::start_anywhere(world).expect("a fake"));
    let ran = record(shop.path(), &stripe, "").run().with_status(2);
    ran.says(&["set `Events` to Read (`rak_event_read`)"]);
    assert!(!shop.path().join("scenarios").exists());
}

#[test]
fn other_sources_and_unclear_contracts_are_refused() {
    let stripe = FakeStripe::start_anywhere(World::new(NOW)).expect("a fake");
    let paddle = CONTRACT
        .replace("source_of_truth: stripe", "source_of_truth: paddle")
        .replace("stripe: { secret_env", "paddle: { api_key_env")
        .replace("stripe_customer_id: stripe", "customer_id: stripe");
    let shop = folder(&[("prodverdict.yml", &paddle)]);
    let ran = record(shop.path(), &stripe, "").run().with_status(2);
    ran.says(&["`source_of_truth: paddle`, which cannot be recorded yet"]);
    let ran = record(shop.path(), &stripe, "--contract other")
        .run()
        .with_status(2);
    ran.says(&["there is no contract `other`", "`shop`"]);
}

/// A handler that stores status and plan from the API.
const WITH_PLAN: &str = "
    const PLANS = { price_secret_pro: 'pro', price_secret_team: 'team', price_secret_max: 'max' };
    if (!event.type.startsWith('customer.subscription.')) return;
    const told = event.data.object;
    const of = (one) => one.items.data.map((item) => PLANS[item.price.id]).find(Boolean);
    const { data } = await stripe.subscriptions.list({ customer: told.customer, status: 'all', limit: 100 });
    const mine = data.filter(of);
    const best = (status) => mine.find((one) => one.status === status);
    let one = best('active') ?? best('trialing') ?? best('past_due') ?? mine[0];
    if (!one && event.type === 'customer.subscription.deleted' && of(told)) one = told;
    if (!one) return;
    const previous = event.data.previous_attributes ?? {};
    const is_over = ['canceled', 'incomplete_expired', 'unpaid'].includes(one.status);
    const plan = is_over ? null : of(one);
    const id = told.customer;
    if (is_over || WRITES_PLAN) {
      await db.query('update accts set status = $1, plan = $2 where stripe_customer_id = $3', [one.status, plan, id]);
    } else {
      await db.query('update accts set status = $1 where stripe_customer_id = $2', [one.status, id]);
    }";

/// Starts the example app with that handler, which stores the plan if this condition holds.
fn example(writes_plan: &str) -> Option<ExampleApp> {
    let contract = format!("{}        plan: plan\n{PLANS}", ACCOUNTS.contract);
    let handler = WITH_PLAN.replace("WRITES_PLAN", writes_plan);
    let small = Small {
        schema: "create table accts (id text primary key, email text, stripe_customer_id text unique, status text, plan text)",
        contract: &contract,
        handler: &handler,
        ..ACCOUNTS
    };
    match Packages::install() {
        Ok(packages) => Some(ExampleApp::small(packages, &small)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

fn record_on(example: &ExampleApp) {
    let stripe = FakeStripe::start_anywhere(world()).expect("a fake");
    record(example.folder.path(), &stripe, "")
        .run()
        .with_status(0);
    example.add("  scenarios_dir: scenarios\n");
}

#[test]
fn a_right_handler_passes_recorded_scenarios() {
    let Some(example) = example("true") else {
        return;
    };
    record_on(&example);
    let ran = example.rehearse("--jobs 2").run().with_status(0);
    ran.says(&["recorded-1372ce16", "recorded-af8066c0"]);
}

#[test]
fn a_recorded_shape_catches_a_bug_that_no_built_in_one_does() {
    let upgrades_while_owing_are_lost = "
        (event.type !== 'customer.subscription.updated' || 'items' in previous) && one.status !== 'past_due'";
    let Some(example) = example(upgrades_while_owing_are_lost) else {
        return;
    };
    example.rehearse("--jobs 2").run().with_status(0);
    record_on(&example);
    let ran = example.rehearse("--format json").run().with_status(1);
    assert_eq!(
        ran.findings(),
        ["plan-drift scenario:recorded-1372ce16/5-recover"]
    );
}
