//! The example objects of the project's reference folder, if it lies beside the repository.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Value, value::RawValue};

use crate::{
    billing::{
        PriceTable, entitlements::objects as entitlement_objects,
        paddle::objects as paddle_objects, stripe::objects as stripe_objects,
    },
    contract::{Interval, Item, Period, Price, Status, UnixSeconds},
};

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/reference/stripe-fixtures"
);

#[expect(clippy::disallowed_macros, reason = "a test that skips says so")]
fn say_skipped(folder: &Path) {
    println!("skipped: there is no `{}`", folder.display());
}

/// Reads the JSON files of a folder. If the folder is missing, prints a note and returns none.
fn examples(folder: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(FOLDER).join(folder);
    let Ok(entries) = fs::read_dir(&folder) else {
        say_skipped(&folder);
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    let read = |path: PathBuf| {
        let value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (path, value)
    };
    let examples: Vec<_> = paths.into_iter().map(read).collect();
    assert!(examples.len() >= 10, "{} is nearly empty", folder.display());
    examples
}

#[test]
fn official_objects_never_panic_a_reader() {
    for (path, value) in examples(".") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let mut prices = PriceTable::default();
        let stripe = stripe_objects::decode_recorded_value(&value, &mut prices);
        assert_eq!(stripe.is_ok(), name == "subscription", "{name}: {stripe:?}");
        let raw = RawValue::from_string(value.to_string()).unwrap();
        let text = stripe_objects::decode_live_text(&raw, &mut prices);
        assert_eq!(stripe, text, "{name}");
        assert!(paddle_objects::decode_recorded_value(&value, &mut prices).is_err());
        drop(entitlement_objects::entitlement(&value));
        let entitlement = entitlement_objects::listed_entitlement(&raw);
        assert_eq!(
            entitlement.is_ok(),
            name == "entitlements.active_entitlement",
            "{name}"
        );
        let item = stripe_objects::decode_live_item(&raw, None, &mut prices);
        assert_eq!(item.is_ok(), name == "subscription_item", "{name}");
    }
}

const DAY: i64 = 24 * 60 * 60;
const START: i64 = 1_790_812_800;

type Row = (
    &'static str,
    &'static str,
    Status,
    Option<bool>,
    Option<i64>,
);

/// File, customer, status, whether its end is scheduled, and when it ended.
const REALISTIC: [Row; 8] = [
    (
        "cancel_scheduled.classic",
        "cus_Cape0005",
        Status::Active,
        Some(true),
        None,
    ),
    (
        "cancel_scheduled.flexible",
        "cus_Cape0006",
        Status::Active,
        Some(true),
        None,
    ),
    (
        "active",
        "cus_Active0001",
        Status::Active,
        Some(false),
        None,
    ),
    (
        "canceled",
        "cus_Canceled0004",
        Status::Canceled,
        Some(false),
        Some(START + DAY),
    ),
    (
        "incomplete_expired",
        "cus_IncExp0007",
        Status::IncompleteExpired,
        Some(false),
        Some(1_790_895_640),
    ),
    (
        "past_due",
        "cus_PastDue0003",
        Status::PastDue,
        Some(false),
        None,
    ),
    (
        "paused",
        "cus_Paused0008",
        Status::Paused,
        Some(false),
        None,
    ),
    (
        "trialing",
        "cus_Trial0002",
        Status::Trialing,
        Some(false),
        None,
    ),
];

#[test]
fn the_realistic_objects_are_read_correctly() {
    let mut read = 0;
    for (path, value) in examples("realistic") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let Some(name) = name.strip_prefix("subscription.") else {
            continue;
        };
        read += 1;
        let decoded =
            stripe_objects::decode_recorded_value(&value, &mut PriceTable::default()).unwrap();
        let subscription = decoded.subscription;
        let found = (
            name,
            subscription.customer.as_str(),
            subscription.status.clone(),
            subscription.cancel_scheduled,
            subscription.ended_at().map(|ended_at| ended_at.0),
        );
        assert!(REALISTIC.contains(&found), "{found:?}");
        assert_eq!(decoded.livemode, Some(false));
        assert!(!decoded.may_have_more_items && subscription.pause.is_none());
        let days = if name == "trialing" { 14 } else { 31 };
        let end = UnixSeconds(START + days * DAY);
        let price = Price {
            product: Some("prod_Pro".to_owned()),
            lookup_key: Some("pro_monthly".to_owned()),
            currency: Some("usd".to_owned()),
            unit_amount: Some(2000),
            recurring: Some((Interval::Month, 1)),
            ..Price::bare("price_1ProMonthly")
        };
        let item = Item {
            price: Arc::new(price),
            quantity: Some(1),
        };
        assert_eq!(&*subscription.items, [item], "{name}");
        let start = UnixSeconds(START);
        assert_eq!(subscription.period, Some(Period::new(start, end)), "{name}");
    }
    assert!(read == REALISTIC.len() || read == 0, "{read} were read");
}
