// Agents and dispatchers with another route: redirected requests do not use the program's own proxy.
'use strict';
const assert = require('node:assert/strict');
const https = require('node:https');
const net = require('node:net');
const { majors } = require('./majors.cjs');

class Proxied extends https.Agent {
  createConnection() {
    return net.connect(1, '127.0.0.1').on('error', () => {});
  }
}

(async () => {
  for (const major of majors) {
    const stripe = new (require(major))('sk_test_0123456789abcdefghijklmn', { httpAgent: new Proxied({ keepAlive: true }) });
    // One after the other and in parallel, over persistent connections.
    assert.equal((await stripe.subscriptions.retrieve('sub_1')).id, 'sub_1');
    const some = await Promise.all(Array.from({ length: 10 }, () => stripe.subscriptions.retrieve('sub_1')));
    assert.ok(some.every((one) => one.id === 'sub_1'));
    console.log(`${major}: ok`);
  }
})();
