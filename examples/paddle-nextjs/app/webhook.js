// Keeps `users` in sync with Paddle. An event only identifies the customer; the current state comes from the API. So the
// order of deliveries does not matter, nor do repeats, nor how old an event's copy of the subscription is.

/** What each price buys. The contract in prodverdict.yml says the same under `plans`. */
export const PLANS = {
  pri_01proaaaaaaaaaaaaaaamonthly: 'pro',
  pri_01proaaaaaaaaaaaaaaaayearly: 'pro',
  pri_01teamaaaaaaaaaaaaaamonthly: 'team',
};

const GRANTING = ['active', 'trialing'];

const STATUSES = ['active', 'trialing', 'past_due', 'paused', 'canceled'];

/** Paddle tries a failed card again; `grace` in prodverdict.yml. */
const GRACE_MILLISECONDS = 14 * 24 * 3600 * 1000;

/** Every event about a subscription, and the payment that may come before the first of them. */
const isHandled = (type) => type.startsWith('subscription.') || type === 'transaction.completed';

/**
 * Answers one delivery with a status: 2xx when there is nothing left to do, 5xx when Paddle should send it again.
 *
 * @param {{ pool: import('pg').Pool, paddle: import('@paddle/paddle-node-sdk').Paddle }} services
 * @param {Buffer} body as it came: the signature is over its bytes
 * @param {string | undefined} signature
 */
export async function handleWebhook({ pool, paddle }, body, signature) {
  let event;
  try {
    event = await paddle.webhooks.unmarshal(body.toString(), process.env.PADDLE_WEBHOOK_SECRET, signature);
  } catch (error) {
    console.error(`refused a delivery: ${error.message}`);
    return 400;
  }
  if (!isHandled(event.eventType)) {
    return 200;
  }
  const client = await pool.connect();
  try {
    await client.query('begin');
    await apply(client, paddle, event);
    await client.query('commit');
    return 200;
  } catch (error) {
    console.error(`${event.eventType} ${event.eventId} failed:`, error);
    await client.query('rollback').catch(() => {});
    return 500;
  } finally {
    client.release();
  }
}

/** All of it happens, or nothing: the event counts as seen only together with what it led to. */
async function apply(client, paddle, event) {
  const { customerId, customData } = event.data;
  const account = customerId && (await lockAccount(client, customerId, customData));
  if (!account || !(await isNew(client, event))) {
    return;
  }
  const customers = [...new Set([customerId, account.paddle_customer_id].filter(Boolean))];
  const subscriptions = await listSubscriptions(paddle, customers);
  const now = Math.max(Date.now(), Date.parse(event.occurredAt));
  const { owner, ...columns } = billing(account, subscriptions, now);
  await link(client, account, owner ?? account.paddle_customer_id ?? customerId);
  await write(client, account, columns);
}

/** The account of a customer, else the one that our checkout named. Locked: one delivery at a time asks the API. */
async function lockAccount(client, customer, customData) {
  const { rows } = await client.query(
    `select * from users where paddle_customer_id = $1 or id = $2
     order by paddle_customer_id is not distinct from $1 desc limit 1 for update`,
    [customer, customData?.userId],
  );
  return rows[0];
}

async function isNew(client, event) {
  const key = event.eventId;
  const { rowCount } = await client.query('insert into paddle_events (id) values ($1) on conflict do nothing', [key]);
  return rowCount > 0;
}

async function listSubscriptions(paddle, customerId) {
  const all = [];
  for await (const one of paddle.subscriptions.list({ customerId, status: STATUSES, perPage: 200 })) {
    all.push(one);
  }
  return all;
}

/** What the row should say, given all of the account's subscriptions: one that grants is enough. */
function billing(account, subscriptions, now) {
  const isOurs = (one) => planOf(one) || one.id === account.paddle_subscription_id; // and not another product
  const ours = subscriptions.filter(isOurs).sort((a, b) => (a.id < b.id ? 1 : -1)); // ids begin with the time
  const granting = ours.filter((one) => GRANTING.includes(one.status));
  const entitling = granting.length > 0 ? granting : ours.filter((one) => isInGrace(one, now));
  const deciding = granting[0] ?? ours[0];
  const followed = {
    owner: deciding?.customerId,
    paddle_subscription_id: deciding?.id,
    subscription_status: deciding?.status,
    current_period_end: deciding?.currentBillingPeriod?.endsAt, // null when paused or canceled
    cancel_at_period_end: deciding?.scheduledChange?.action === 'cancel',
  };
  if (entitling.length === 0) {
    return { ...followed, has_paid_access: false, plan: 'free', seats: 0 };
  }
  const plan = entitling.map(planOf).find(Boolean) ?? account.plan; // a price that we do not know changes no plan
  const seats = sum(entitling.filter((one) => one.customerId === deciding.customerId).map(seatsOf));
  return { ...followed, has_paid_access: true, plan, seats };
}

/** A period that is past due has begun; its payment has failed. */
function isInGrace({ status, currentBillingPeriod }, now) {
  return status === 'past_due' && now < Date.parse(currentBillingPeriod.startsAt) + GRACE_MILLISECONDS;
}

/** The plan may be at any of the items, beside add-ons. */
function planOf(subscription) {
  return subscription.items.map((item) => PLANS[item.price.id]).find(Boolean);
}

function seatsOf(subscription) {
  const plans = subscription.items.filter((item) => PLANS[item.price.id]);
  return sum((plans.length > 0 ? plans : subscription.items).map((item) => item.quantity));
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

async function link(client, account, customer) {
  if (customer !== account.paddle_customer_id) {
    await client.query('update users set paddle_customer_id = $2 where id = $1', [account.id, customer]);
  }
}

async function write(client, account, columns) {
  await client.query(
    `update users set has_paid_access = $2, plan = $3, seats = $4, paddle_subscription_id = $5,
       subscription_status = $6, current_period_end = $7, cancel_at_period_end = $8, updated_at = now()
     where id = $1`,
    [
      account.id,
      columns.has_paid_access,
      columns.plan,
      columns.seats,
      columns.paddle_subscription_id,
      columns.subscription_status,
      columns.current_period_end,
      columns.cancel_at_period_end,
    ],
  );
}
