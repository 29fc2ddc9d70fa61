//! A Paddle account as slow and as strict as the real one, with findings that a full listing would give.

use std::{fmt::Write as _, io, time::Duration};

use testing::{
    database::Database,
    paddle_api::{PaddleApi, PaddleWorld, paddle_subscription},
};

use super::{
    Result,
    both_sides::Expected,
    cases::TABLE,
    measured::{Measured, Promise},
    program::{self, ProviderSide},
};

pub(crate) const NAME: &str = "paddle";

const SUBSCRIPTIONS: u32 = 20_000;

/// Runs the program and prints its line.
pub(crate) fn run() -> Result<()> {
    let mut world = PaddleWorld {
        latency: Duration::from_millis(300),
        per_minute: Some(240),
        ..PaddleWorld::default()
    };
    let (mut rows, mut findings, mut granting) = (String::new(), Vec::new(), 0);
    for number in 0..SUBSCRIPTIONS {
        let status = status(number);
        let customer = format!("ctm_01k{number:023}");
        let place = usize::try_from(number)?;
        world.put(paddle_subscription(place, &customer, status, "pri_pro"));
        let grants = matches!(status, "active" | "trialing");
        granting += u32::from(grants);
        let id = format!("{number:08x}-5eed-4acc-8000-{number:012x}");
        // One in 2,003 is wrong, in both directions.
        let is_wrong = number % 2_003 == 7;
        let (paid, plan) = (grants != is_wrong, if grants { "pro" } else { "free" });
        if is_wrong {
            let rule = if grants {
                "revenue-leak"
            } else {
                "wrongful-access"
            };
            findings.push(format!("{rule} user:{id}"));
        }
        writeln!(rows, "{id}\t{customer}\t{paid}\t{plan}")?;
    }
    findings.sort();
    let database = Database::with(TABLE);
    database.fill("users", rows);
    database.run("analyze users");
    let api = PaddleApi::start(world);
    let provider = ProviderSide {
        contract: "    source_of_truth: paddle\n    plans: { pri_pro: pro }\n".to_owned(),
        base: ("PADDLE_API_BASE", api.base.clone()),
        key: ("PADDLE_API_KEY", "pdl_live_apikey_benchmark"),
    };
    let expected = Expected {
        findings,
        accounts: u64::from(SUBSCRIPTIONS),
        granting: u64::from(granting),
    };
    let ran = program::run(&provider, &database, &expected)?;
    let requests = api.world().requests.clone();
    let promise = Promise {
        seconds: Some(12),
        ..Promise::default()
    };
    Measured::of_paddle(SUBSCRIPTIONS, &requests, &ran).print(&mut io::stdout(), &promise)?;
    Ok(())
}

/// Returns the status of a subscription: a quarter is canceled, and of the others most are active.
fn status(number: u32) -> &'static str {
    match number % 80 {
        0..20 => "canceled",
        20..70 => "active",
        70..75 => "trialing",
        75..78 => "past_due",
        _ => "paused",
    }
}
