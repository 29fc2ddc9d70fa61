// Requests to the provider that are not redirected must fail; without the variable, all of them (argument: all).
import assert from 'node:assert/strict';
import dns from 'node:dns';
import http2 from 'node:http2';
import https, { request } from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';

const code = 'ERR_PRODVERDICT_REDIRECT';

function ends(emitter) {
  return new Promise((_, reject) => emitter.on('error', reject));
}

for (const name of ['api.stripe.com', 'files.stripe.com', 'connect.stripe.com', 'meter-events.stripe.com']) {
  await assert.rejects(ends(tls.connect({ host: name, port: 443 })), { code });
  await assert.rejects(ends(tls.connect(443, name)), { code });
  await assert.rejects(ends(tls.connect({ host: '127.0.0.1', port: 9, servername: name })), { code });
  await assert.rejects(ends(http2.connect(`https://${name}`)), { code });
  await assert.rejects(ends(net.connect(443, name)), { code });
  await assert.rejects(promisify(dns.lookup)(name), { code });
  await assert.rejects(dns.promises.lookup(name), { code });
}
for (const url of ['https://connect.stripe.com/oauth/token', 'https://meter-events.stripe.com/v2']) {
  await assert.rejects(ends(https.get(url)), { code });
  await assert.rejects(fetch(url), (error) => error.cause.code === code);
}
if (process.argv[2] === 'all') {
  for (const url of ['https://api.stripe.com/v1/customers', 'https://files.stripe.com/v1/files']) {
    await assert.rejects(ends(https.get(url)), { code, message: /PRODVERDICT_STRIPE_API does not say where/ });
    const posted = request(url, { method: 'POST', agent: new https.Agent({ keepAlive: true }) });
    posted.end('email=a');
    await assert.rejects(ends(posted), { code });
    await assert.rejects(fetch(url), (error) => error instanceof TypeError && error.cause.code === code);
  }
  const { default: Stripe } = await import('stripe-23');
  const stripe = new Stripe('sk_test_0123456789abcdefghijklmn', { maxNetworkRetries: 0 });
  await assert.rejects(stripe.customers.list(), { type: 'StripeConnectionError' });
}
