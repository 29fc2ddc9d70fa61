// The official Paddle library, unmodified: lists page by page, reads, writes.

import assert from 'node:assert/strict';
import { Environment, Paddle } from '@paddle/paddle-node-sdk';

const paddle = new Paddle(process.env.PADDLE_API_KEY, { environment: Environment.sandbox });

const all = [];
for await (const one of paddle.subscriptions.list({ perPage: 10 })) all.push(one);
assert.equal(all.length, 25);
assert.deepEqual([...new Set(all.map((one) => one.status))], ['active']);
const one = await paddle.subscriptions.get(all[0].id);
assert.equal(one.items[0].price.id, 'pri_pro');

const made = await paddle.customers.create({ email: 'New@Example.com' });
assert.equal(made.email, 'new@example.com');
await assert.rejects(paddle.customers.create({ email: 'new@example.com' }), { code: 'customer_already_exists' });
const canceled = await paddle.subscriptions.cancel(one.id, { effectiveFrom: 'next_billing_period' });
assert.equal(canceled.scheduledChange.action, 'cancel');
const kept = await paddle.subscriptions.update(one.id, { scheduledChange: null });
assert.equal(kept.scheduledChange, null);
console.log('paddle ok');
