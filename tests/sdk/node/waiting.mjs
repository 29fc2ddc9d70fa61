// An application that starts before the fake: node waiting.mjs FILE ADDRESS
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { majors } from './majors.cjs';

const [file, address] = process.argv.slice(2);
const { default: Stripe } = await import(majors.at(-1));
const stripe = new Stripe('sk_test_0123456789abcdefghijklmn', { maxNetworkRetries: 0 });
const read = () => stripe.subscriptions.retrieve('sub_1');
const refused = async () => {
  const error = await read().then(assert.fail, (error) => error);
  assert.match(`${error} ${error.detail}`, /holds no address: is `prodverdict rehearse` running/);
  const fetched = await fetch('https://api.stripe.com/v1/customers').then(assert.fail, (error) => error);
  assert.match(String(fetched.cause), /nothing was sent to the real one/);
};

fs.rmSync(file, { force: true });
await refused();
fs.writeFileSync(file, 'http://api.stripe.com\n');
await refused();
fs.writeFileSync(file, `${address}\n`);
assert.equal((await read()).id, 'sub_1');
fs.rmSync(file);
await refused();
fs.writeFileSync(file, address);
assert.equal((await read()).id, 'sub_1');
fs.rmSync(file);
