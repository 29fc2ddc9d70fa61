// The reads of an application, with any version of stripe-node.
'use strict';
const assert = require('node:assert/strict');

exports.reads = async function reads(Stripe, options) {
  const stripe = new Stripe('sk_test_0123456789abcdefghijklmn', { maxNetworkRetries: 0, ...options });

  const subscription = await stripe.subscriptions.retrieve('sub_1', { expand: ['customer', 'items.data.price.product'] });
  assert.equal(subscription.object, 'subscription');
  assert.equal(subscription.customer.email, 'one@example.com');
  assert.equal(subscription.items.data[0].price.product.name, 'Pro');
  assert.match(subscription.lastResponse.requestId, /^req_/);

  const ids = [];
  for await (const one of stripe.subscriptions.list({ limit: 10, status: 'all' })) ids.push(one.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.filter((id) => /^sub_\d{1,2}$/.test(id)).length, 25);
  const few = await stripe.subscriptions.list({ limit: 3 }).autoPagingToArray({ limit: 7 });
  assert.equal(few.length, 7);

  const missing = await stripe.subscriptions.retrieve('sub_none').then(assert.fail, (error) => error);
  assert.ok(missing instanceof Stripe.errors.StripeInvalidRequestError, String(missing));
  assert.deepEqual([missing.statusCode, missing.code, missing.param], [404, 'resource_missing', 'id']);

  const unknown = await stripe.customers.list({ colour: 'blue' }).then(assert.fail, (error) => error);
  assert.equal(unknown.code, 'parameter_unknown');

  const publishable = new Stripe('pk_test_0123456789abcdefghijklmn', { maxNetworkRetries: 0, ...options });
  const refused = await publishable.customers.list().then(assert.fail, (error) => error);
  assert.ok(refused instanceof Stripe.errors.StripeAuthenticationError, String(refused));
};
