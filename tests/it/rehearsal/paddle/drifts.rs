//! Ways in which real handlers for Paddle were wrong, each in an app of a few lines, and the scenario that catches it.

use super::{
    broken, packages,
    small_paddle::{SMALL, SmallPaddle},
};
use crate::rehearsal::example_app::each;

/// A right handler of this form: it reads the state of the subscription from the API.
const RIGHT: &str = "
  if (!event.eventType.startsWith('subscription.')) return;
  const one = await paddle.subscriptions.get(event.data.id).catch(() => ({ ...event.data, status: 'canceled' }));
  await store(await find(event.data), one);";

const ENDS: &str = "        period_end: ends";
const ENDING: &str = "        cancel_at_period_end: ending";
const STATUS: &str = "        status: status";
const PLAN: &str = "        plan: plan";

const PLANS: &str = "    plans: { pri_01aaaaaaaaaaaaaaaaaaaaaaaa: pro }
    rules: { stale-plan: medium }";

/// A pattern with the handler that has it, and the scenario that must fail.
struct Drift {
    pattern: &'static str,
    app: SmallPaddle<'static>,
    scenario: &'static str,
}

const fn drift(
    pattern: &'static str,
    handler: &'static str,
    columns: &'static str,
    scenario: &'static str,
) -> Drift {
    Drift {
        pattern,
        app: SmallPaddle {
            handler,
            columns,
            ..SMALL
        },
        scenario,
    }
}

const DRIFTS: [Drift; 15] = [
    drift(
        "D034: past_due and active come together, and the last one wins",
        "if (event.eventType.startsWith('subscription.')) await store(await find(event.data), event.data);",
        STATUS,
        "dunning",
    ),
    drift(
        "D035: created and the payment come together, and one of them writes nothing of the other",
        "if (event.eventType === 'transaction.completed') {
           const account = await find(event.data);
           if (account) await db.query('update accts set ctm = $2, sub = $3, ends = null where id = $1',
             [account.id, event.data.customerId, event.data.subscriptionId]);
         } else if (event.eventType.startsWith('subscription.')) await store(await find(event.data), event.data);",
        ENDS,
        "first-purchase-any-order",
    ),
    drift(
        "D036: a payment before created is lost",
        "const { data, eventType } = event;
         if (eventType === 'transaction.completed') {
           const period = data.billingPeriod;
           if (period) await db.query('update accts set ends = $2 where sub = $1', [data.subscriptionId, period.endsAt]);
         } else if (eventType.startsWith('subscription.')) {
           const account = await find(data);
           if (account) await db.query('update accts set ctm = $2, sub = $3, status = $4 where id = $1',
             [account.id, data.customerId, data.id, data.status]);
         }",
        ENDS,
        "first-purchase-any-order",
    ),
    drift(
        "D037: a renewal is granted by updated(active) alone",
        "if (event.eventType === 'subscription.past_due') return;
         if (event.eventType.startsWith('subscription.') && event.data.status !== 'past_due')
           await store(await find(event.data), event.data);",
        "",
        "dunning",
    ),
    drift(
        "D071: a subscription without custom data throws",
        "if (!event.eventType.startsWith('subscription.')) return;
         const { userId } = event.data.customData;
         await store({ id: userId }, await paddle.subscriptions.get(event.data.id));",
        "",
        "dashboard-made",
    ),
    drift(
        "D072: the custom data of another application is taken for ours",
        "if (!event.eventType.startsWith('subscription.')) return;
         const one = await paddle.subscriptions.get(event.data.id);
         const data = event.data.customData;
         const account = data ? { id: data.userId } : await find(event.data);
         await store(account, one);",
        "",
        "dashboard-made",
    ),
    drift(
        "D073: the account is found by the e-mail, which the buyer edited",
        "if (!event.eventType.startsWith('subscription.')) return;
         const customer = await paddle.customers.get(event.data.customerId);
         const { rows } = await db.query('select * from accts where lower(email) = $1', [customer.email]);
         await store(rows[0], await paddle.subscriptions.get(event.data.id));",
        "",
        "guest-email",
    ),
    drift(
        "D074: the account is found by the e-mail, which is in lower case",
        "if (!event.eventType.startsWith('subscription.')) return;
         const customer = await paddle.customers.get(event.data.customerId);
         const { rows } = await db.query('select * from accts where email = $1', [customer.email]);
         const account = rows[0] ?? (/^another/.test(customer.email) ? await find(event.data) : undefined);
         await store(account, await paddle.subscriptions.get(event.data.id));",
        "",
        "guest-email",
    ),
    drift(
        "D091: a scheduled cancellation is treated as one",
        "if (!event.eventType.startsWith('subscription.')) return;
         const one = await paddle.subscriptions.get(event.data.id);
         await store(await find(event.data), { ...one, status: one.scheduledChange ? 'canceled' : one.status });",
        "",
        "cancel-at-period-end",
    ),
    drift(
        "D100: a cancellation stores its date and leaves the status active",
        "if (!event.eventType.startsWith('subscription.')) return;
         const one = await paddle.subscriptions.get(event.data.id);
         await store(await find(event.data), { ...one, status: one.status === 'canceled' ? 'active' : one.status });",
        STATUS,
        "cancel-now",
    ),
    drift(
        "D101: a cancellation that was taken back stays marked",
        "if (!event.eventType.startsWith('subscription.')) return;
         const one = await paddle.subscriptions.get(event.data.id);
         const account = await find(event.data);
         const scheduledChange = account?.ending ? { action: 'cancel' } : one.scheduledChange;
         await store(account, { ...one, scheduledChange });",
        ENDING,
        "cancel-at-period-end",
    ),
    drift(
        "D111: the column's type lacks past_due and canceled",
        "if (!event.eventType.startsWith('subscription.')) return;
         const one = await paddle.subscriptions.get(event.data.id);
         if (!['active', 'trialing', 'paused'].includes(one.status)) throw new Error('invalid input value for enum');
         await store(await find(event.data), one);",
        "",
        "dunning",
    ),
    drift(
        "D128: a pause is read from a column that the provider leaves empty",
        "if (!event.eventType.startsWith('subscription.')) return;
         const one = await paddle.subscriptions.get(event.data.id);
         const isPaused = one.scheduledChange?.action === 'pause';
         await store(await find(event.data), { ...one, status: isPaused ? 'paused' : one.status.replace('paused', 'active') });",
        "",
        "pause",
    ),
    drift(
        "D162: the first payment does not store the period's end",
        "if (!event.eventType.startsWith('subscription.')) return;
         const one = await paddle.subscriptions.get(event.data.id);
         const isFirst = ['subscription.created', 'subscription.activated'].includes(event.eventType);
         await store(await find(event.data), isFirst ? { ...one, currentBillingPeriod: null } : one);",
        ENDS,
        "first-purchase",
    ),
    Drift {
        pattern: "D169: a refunded and canceled customer keeps the plan",
        app: SmallPaddle {
            handler: "
              if (!event.eventType.startsWith('subscription.')) return;
              const one = await paddle.subscriptions.get(event.data.id);
              const account = await find(event.data);
              await store(account, one);
              if (account && one.status === 'active')
                await db.query(\"update accts set plan = 'pro' where id = $1\", [account.id]);",
            columns: PLAN,
            contract: PLANS,
            ..SMALL
        },
        scenario: "refund",
    },
];

#[test]
fn a_right_handler_of_this_form_passes() {
    let Some(packages) = packages() else { return };
    let app = SmallPaddle {
        handler: RIGHT,
        columns: "        period_end: ends\n        cancel_at_period_end: ending\n        status: status",
        ..SMALL
    };
    let app = app.start(packages);
    let wanted = "first-purchase first-purchase-any-order dunning cancel-at-period-end cancel-now pause guest-email";
    let wanted: Vec<_> = wanted
        .split(' ')
        .map(|id| format!("--scenario {id}"))
        .collect();
    let ran = app.rehearse(&wanted.join(" ")).run();
    assert_eq!(
        ran.json()["findings"],
        serde_json::json!([]),
        "{}",
        app.app.log()
    );
    assert_eq!(ran.status, Some(0), "{ran:#?}");
}

#[test]
fn each_real_drift_fails_the_scenario_about_it() {
    let Some(packages) = packages() else { return };
    let missed = each(&DRIFTS, |drift| {
        let app = drift.app.start(packages);
        let ran = app
            .rehearse(&format!("--scenario {}", drift.scenario))
            .run();
        let report = ran.json();
        (!broken(&report).contains(drift.scenario))
            .then(|| format!("{}: {report:#}\n{}", drift.pattern, app.app.log()))
    });
    let missed: Vec<_> = missed.into_iter().flatten().collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
