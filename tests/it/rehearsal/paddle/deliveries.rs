//! The times and the sender of deliveries.

use super::{
    broken, packages,
    small_paddle::{SMALL, SmallPaddle},
};

/// Writes what events say, and skips those that are not newer than the last one, as `IS_OLD` decides.
const ORDERED: &str = "
  if (!event.eventType.startsWith('subscription.')) return;
  globalThis.times ??= new Map();
  const last = globalThis.times.get(event.data.id) ?? '';
  if (IS_OLD) return;
  globalThis.times.set(event.data.id, event.occurredAt);
  await store(await find(event.data), event.data);";

#[test]
fn a_handler_that_skips_events_of_the_same_time_is_caught() {
    let Some(packages) = packages() else { return };
    for (is_old, is_broken) in [
        ("event.occurredAt <= last", true),
        ("event.occurredAt < last", false),
    ] {
        let handler = ORDERED.replace("IS_OLD", is_old);
        let app = SmallPaddle {
            handler: &handler,
            ..SMALL
        };
        let app = app.start(packages);
        let ran = app.rehearse("--scenario cancel-now").run();
        let findings = ran.json()["findings"].clone();
        let entities: Vec<_> = findings
            .as_array()
            .expect("an array")
            .iter()
            .map(|finding| finding["entity"].as_str().expect("a text"))
            .collect();
        let expected = is_broken.then_some("scenario:cancel-now/bought-and-canceled");
        assert_eq!(
            entities,
            expected.into_iter().collect::<Vec<_>>(),
            "{is_old}: {findings:#}\n{}",
            app.app.log()
        );
    }
}

#[test]
fn a_handler_behind_a_list_of_addresses_gets_the_senders() {
    let Some(packages) = packages() else { return };
    let handler = "
      if (headers['x-forwarded-for'] !== '34.232.58.13') throw new Error('not from Paddle');
      if (!event.eventType.startsWith('subscription.')) return;
      await store(await find(event.data), await paddle.subscriptions.get(event.data.id));";
    for (rehearsal, is_broken) in [("  source_ip: 34.232.58.13", false), ("", true)] {
        let app = SmallPaddle {
            handler,
            rehearsal,
            ..SMALL
        };
        let app = app.start(packages);
        let ran = app.rehearse("--scenario first-purchase").run();
        let broken = broken(&ran.json());
        assert_eq!(
            broken.contains("first-purchase"),
            is_broken,
            "{rehearsal}: {ran:#?}"
        );
    }
}
