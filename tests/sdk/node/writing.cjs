// The writes of an application, with any version of stripe-node: every resource, and the types of errors.
'use strict';
const assert = require('node:assert/strict');

exports.writes = async function writes(Stripe, options) {
  const stripe = new Stripe('sk_test_0123456789abcdefghijklmn', { maxNetworkRetries: 0, ...options });
  const rejected = (promise) => promise.then(() => assert.fail('it was not refused'), (error) => error);

  const customer = await stripe.customers.create({
    email: 'new@example.com',
    name: 'Né & Co=1',
    metadata: { userId: 'u1', plan: 'none' },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  assert.equal(customer.name, 'Né & Co=1');
  assert.match(customer.invoice_settings.default_payment_method, /^pm_/);
  const renamed = await stripe.customers.update(customer.id, { name: '', metadata: { plan: '', seats: 3 } });
  assert.equal(renamed.name, null);
  assert.deepEqual({ ...renamed.metadata }, { seats: '3', userId: 'u1' });

  const product = await stripe.products.create({ name: 'Team', default_price_data: { currency: 'usd', unit_amount: 900, recurring: { interval: 'month' } } });
  assert.match(product.default_price, /^price_/);
  const yearly = await stripe.prices.create({ currency: 'usd', unit_amount: 9000, product: product.id, recurring: { interval: 'year' } });
  assert.equal(yearly.recurring.interval, 'year');
  assert.equal((await stripe.prices.update(yearly.id, { nickname: 'Yearly' })).nickname, 'Yearly');

  let subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: product.default_price, quantity: 2 }],
    metadata: { userId: 'u1' },
    expand: ['latest_invoice'],
  });
  assert.equal(subscription.status, 'active');
  assert.equal(subscription.latest_invoice.status, 'paid');
  const item = subscription.items.data[0];
  subscription = await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item.id, price: yearly.id, quantity: 3 }],
    metadata: { note: 'changed' },
  });
  assert.equal(subscription.items.data[0].price.id, yearly.id);
  assert.equal(subscription.items.data[0].quantity, 3);
  assert.deepEqual({ ...subscription.metadata }, { note: 'changed', userId: 'u1' });
  subscription = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
  assert.equal(subscription.cancel_at_period_end, true);
  assert.ok(subscription.cancel_at > subscription.created);
  subscription = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
  assert.equal(subscription.cancel_at, null);
  subscription = await stripe.subscriptions.update(subscription.id, { pause_collection: { behavior: 'void' } });
  assert.equal(subscription.pause_collection.behavior, 'void');
  subscription = await stripe.subscriptions.update(subscription.id, { pause_collection: '' });
  assert.equal(subscription.pause_collection, null);

  const added = await stripe.subscriptionItems.create({ subscription: subscription.id, price: 'price_pro', quantity: 1 });
  assert.equal((await stripe.subscriptionItems.update(added.id, { quantity: 5 })).quantity, 5);
  assert.equal((await stripe.subscriptionItems.retrieve(added.id)).quantity, 5);
  assert.equal((await stripe.subscriptionItems.del(added.id)).deleted, true);

  const waiting = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: 'price_pro' }],
    payment_behavior: 'default_incomplete',
  });
  assert.equal(waiting.status, 'incomplete');
  const paid = await stripe.invoices.pay(waiting.latest_invoice);
  assert.equal(paid.status, 'paid');
  assert.equal((await stripe.subscriptions.retrieve(waiting.id)).status, 'active');
  const cancel = stripe.subscriptions.cancel ?? stripe.subscriptions.del;
  assert.equal((await cancel.call(stripe.subscriptions, waiting.id)).status, 'canceled');
  assert.equal((await rejected(cancel.call(stripe.subscriptions, waiting.id))).code, 'resource_missing');

  const trial = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_pro' }], trial_period_days: 7 });
  assert.equal(trial.status, 'trialing');
  assert.equal((await stripe.subscriptions.update(trial.id, { trial_end: 'now' })).status, 'active');

  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: 'price_pro', quantity: 1 }],
    success_url: 'https://example.com/ok?session={CHECKOUT_SESSION_ID}',
    client_reference_id: 'u1',
    customer: customer.id,
    metadata: { userId: 'u1' },
    subscription_data: { metadata: { userId: 'u1' }, trial_period_days: 3 },
  });
  assert.equal(session.status, 'open');
  assert.equal(session.client_reference_id, 'u1');
  const lines = await stripe.checkout.sessions.listLineItems(session.id);
  assert.equal(lines.data[0].price.id, 'price_pro');
  const other = await stripe.checkout.sessions.create({ mode: 'subscription', line_items: [{ price: 'price_pro', quantity: 1 }], success_url: 'https://example.com/' });
  assert.equal((await stripe.checkout.sessions.expire(other.id)).status, 'expired');

  const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: 'https://example.com/account' });
  assert.match(portal.url, /^https?:/);
  const intent = await stripe.paymentIntents.create({ amount: 500, currency: 'usd', customer: customer.id });
  assert.equal((await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' })).status, 'succeeded');
  const voided = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_pro' }], payment_behavior: 'default_incomplete' });
  assert.equal((await stripe.invoices.voidInvoice(voided.latest_invoice)).status, 'void');
  assert.ok((await stripe.invoices.list({ customer: customer.id })).data.length >= 4);

  const hook = await stripe.webhookEndpoints.create({ url: 'https://example.com/hook', enabled_events: ['invoice.paid'] });
  assert.match(hook.secret, /^whsec_/);
  assert.equal((await stripe.webhookEndpoints.retrieve(hook.id)).secret, undefined);
  assert.equal((await stripe.webhookEndpoints.update(hook.id, { disabled: true })).status, 'disabled');
  assert.equal((await stripe.webhookEndpoints.del(hook.id)).deleted, true);
  const feature = await stripe.entitlements.features.create({ name: 'Export', lookup_key: `export-${product.id}` }).catch((error) => error);
  assert.match(feature.id, /^feat_/);

  // Entitlements follow the features of the products that a customer subscribes to.
  const attached = await stripe.products.createFeature(product.id, { entitlement_feature: feature.id });
  assert.equal((await stripe.products.listFeatures(product.id)).data[0].id, attached.id);
  assert.equal((await stripe.products.retrieveFeature(product.id, attached.id)).entitlement_feature.id, feature.id);
  const entitled = async () => {
    const all = stripe.entitlements.activeEntitlements.list({ customer: customer.id });
    return (await all.autoPagingToArray({ limit: 100 })).map((one) => one.lookup_key);
  };
  assert.deepEqual(await entitled(), []);
  const featured = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: product.default_price }] });
  assert.deepEqual(await entitled(), [feature.lookup_key]);
  assert.equal((await stripe.products.deleteFeature(product.id, attached.id)).deleted, true);
  assert.deepEqual(await entitled(), [feature.lookup_key]);
  await cancel.call(stripe.subscriptions, featured.id);
  assert.deepEqual(await entitled(), []);
  const summaries = await stripe.events.list({ type: 'entitlements.active_entitlement_summary.updated', limit: 2 });
  const payload = JSON.stringify(summaries.data[1]);
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_1' });
  const { data } = stripe.webhooks.constructEvent(payload, header, 'whsec_1');
  assert.equal(data.object.customer, customer.id);
  assert.equal(data.object.entitlements.has_more, false);
  assert.equal(data.object.entitlements.data[0].feature.lookup_key, feature.lookup_key);
  assert.deepEqual([...data.previous_attributes.entitlements.data], []);

  const events = await stripe.events.list({ limit: 100 }).autoPagingToArray({ limit: 1000 });
  const kinds = new Set(events.map((event) => event.type));
  for (const kind of ['customer.created', 'customer.subscription.created', 'customer.subscription.updated', 'customer.subscription.deleted', 'invoice.paid', 'product.created', 'price.created']) {
    assert.ok(kinds.has(kind), `no ${kind}`);
  }
  assert.match((await stripe.accounts.retrieve(null).catch(() => stripe.accounts.retrieve())).id, /^acct_/);

  // The same key returns the same response, and an error with other parameters.
  const key = { idempotencyKey: `once-${customer.id}` };
  const first = await stripe.customers.create({ email: 'once@example.com' }, key);
  const again = await stripe.customers.create({ email: 'once@example.com' }, key);
  assert.equal(again.id, first.id);
  const { headers } = again.lastResponse;
  assert.equal(headers['idempotent-replayed'] ?? headers.get('idempotent-replayed'), 'true');
  const misused = await rejected(stripe.customers.create({ email: 'other@example.com' }, key));
  assert.ok(misused instanceof Stripe.errors.StripeIdempotencyError, String(misused));

  const unknown = await rejected(stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_pro', color: 'x' }] }));
  assert.deepEqual([unknown.type, unknown.code, unknown.param], ['StripeInvalidRequestError', 'parameter_unknown', 'items[0][color]']);
  const missing = await rejected(stripe.subscriptions.create({ customer: 'cus_none', items: [{ price: 'price_pro' }] }));
  assert.deepEqual([missing.statusCode, missing.code, missing.param], [400, 'resource_missing', 'customer']);

  assert.equal((await stripe.customers.del(customer.id)).deleted, true);
  assert.equal((await stripe.subscriptions.retrieve(trial.id)).status, 'canceled');
};
