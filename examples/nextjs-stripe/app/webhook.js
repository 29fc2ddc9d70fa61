// Keeps `users` in sync with Stripe. An event only identifies the customer; the current state comes from the API. So the
// order of deliveries does not matter, nor do repeats, nor how old an event's copy of the subscription is.

/** What each price buys. The contract in prodverdict.yml says the same under `plans`. */
export const PLANS = {
  price_1ProMonthly: 'pro',
  price_1ProYearly: 'pro',
  price_1TeamMonthly: 'team',
};

const GRANTING = ['active', 'trialing'];

/** Stripe retries a failed card for two weeks; `grace` in prodverdict.yml. */
const GRACE_SECONDS = 14 * 24 * 3600;

const HANDLED = new Set([
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'customer.subscription.deleted',
  'customer.deleted',
  'invoice.paid',
  'invoice.payment_failed',
]);

/**
 * Answers one delivery with a status: 2xx when there is nothing left to do, 5xx when Stripe should send it again.
 *
 * @param {{ pool: import('pg').Pool, stripe: import('stripe').Stripe }} services
 * @param {Buffer} body as it came: the signature is over its bytes
 * @param {string | undefined} signature
 */
export async function handleWebhook({ pool, stripe }, body, signature) {
  let event;
  try {
    event = stripe.webhooks.constructEvent(body, signature, process.env.STRIPE_WEBHOOK_SECRET);
  } catch (error) {
    console.error(`refused a delivery: ${error.message}`);
    return 400;
  }
  if (!HANDLED.has(event.type)) {
    return 200;
  }
  const client = await pool.connect();
  try {
    await client.query('begin');
    await apply(client, stripe, event);
    await client.query('commit');
    return 200;
  } catch (error) {
    console.error(`${event.type} ${event.id} failed:`, error);
    await client.query('rollback').catch(() => {});
    return 500;
  } finally {
    client.release();
  }
}

/** All of it happens, or nothing: the event counts as seen only together with what it led to. */
async function apply(client, stripe, event) {
  const object = event.data.object;
  const customer = object.object === 'customer' ? object.id : object.customer;
  const account = customer && (await lockAccount(client, customer, object));
  if (!account || !(await isNew(client, event))) {
    return;
  }
  const customers = new Set([customer, account.stripe_customer_id].filter(Boolean));
  const lists = await Promise.all([...customers].map((id) => listSubscriptions(stripe, id)));
  const now = Math.max(Date.now() / 1000, event.created);
  const { owner, ...columns } = billing(account, lists.flat(), now);
  await link(client, account, owner ?? account.stripe_customer_id ?? customer);
  await write(client, account, columns);
}

/** The account of a customer, else the one that our checkout named. Locked: one delivery at a time asks the API. */
async function lockAccount(client, customer, object) {
  const userId = object.client_reference_id ?? object.metadata?.userId;
  const { rows } = await client.query(
    `select * from users where stripe_customer_id = $1 or id = $2
     order by stripe_customer_id is not distinct from $1 desc limit 1 for update`,
    [customer, userId],
  );
  return rows[0];
}

async function isNew(client, event) {
  const key = event.id;
  const { rowCount } = await client.query('insert into stripe_events (id) values ($1) on conflict do nothing', [key]);
  return rowCount > 0;
}

async function listSubscriptions(stripe, customer) {
  try {
    return await stripe.subscriptions.list({ customer, status: 'all', limit: 100 }).autoPagingToArray({ limit: 1000 });
  } catch (error) {
    if (error.code === 'resource_missing') {
      return []; // a customer that is gone has no subscriptions
    }
    throw error;
  }
}

/** What the row should say, given all of the account's subscriptions: one that grants is enough. */
function billing(account, subscriptions, now) {
  const isOurs = (one) => planOf(one) || one.id === account.stripe_subscription_id; // and not another product
  const ours = subscriptions.filter(isOurs).sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  const granting = ours.filter(isGranting);
  const entitling = granting.length > 0 ? granting : ours.filter((one) => isInGrace(one, now));
  const deciding = granting[0] ?? ours[0];
  const followed = {
    owner: deciding?.customer,
    stripe_subscription_id: deciding?.id,
    subscription_status: deciding?.status,
    current_period_end: deciding && Math.max(...deciding.items.data.map((item) => item.current_period_end)),
    cancel_at_period_end: deciding ? isEnding(deciding) : false,
  };
  if (entitling.length === 0) {
    return { ...followed, has_paid_access: false, plan: 'free', seats: 0 };
  }
  const plan = entitling.map(planOf).find(Boolean) ?? account.plan; // a price that we do not know changes no plan
  const seats = sum(entitling.filter((one) => one.customer === deciding.customer).map(seatsOf));
  return { ...followed, has_paid_access: true, plan, seats };
}

function isGranting({ status, pause_collection }) {
  const isPaused = status === 'active' && pause_collection?.behavior === 'void'; // the service is not provided
  return GRANTING.includes(status) && !isPaused;
}

function isInGrace(subscription, now) {
  const start = Math.max(...subscription.items.data.map((item) => item.current_period_start));
  return subscription.status === 'past_due' && now < start + GRACE_SECONDS;
}

/** A scheduled end comes in two encodings. */
function isEnding(subscription) {
  return subscription.cancel_at_period_end || subscription.cancel_at !== null;
}

/** The plan may be at any of the items, beside add-ons and metered prices. */
function planOf(subscription) {
  return subscription.items.data.map((item) => PLANS[item.price.id]).find(Boolean);
}

function seatsOf(subscription) {
  const items = subscription.items.data;
  const plans = items.filter((item) => PLANS[item.price.id]);
  return sum((plans.length > 0 ? plans : items).map((item) => item.quantity ?? 0)); // metered ones have no quantity
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

async function link(client, account, customer) {
  if (customer !== account.stripe_customer_id) {
    await client.query('update users set stripe_customer_id = $2 where id = $1', [account.id, customer]);
  }
}

async function write(client, account, columns) {
  await client.query(
    `update users set has_paid_access = $2, plan = $3, seats = $4, stripe_subscription_id = $5,
       subscription_status = $6, current_period_end = to_timestamp($7), cancel_at_period_end = $8, updated_at = now()
     where id = $1`,
    [
      account.id,
      columns.has_paid_access,
      columns.plan,
      columns.seats,
      columns.stripe_subscription_id,
      columns.subscription_status,
      columns.current_period_end,
      columns.cancel_at_period_end,
    ],
  );
}
