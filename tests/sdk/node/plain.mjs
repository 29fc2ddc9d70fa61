// Without the library: every way to request a URL in Node.
import assert from 'node:assert/strict';
import https, { get, request } from 'node:https';
import http from 'node:http';

const headers = { Authorization: 'Bearer sk_test_0123456789abcdefghijklmn' };
const url = 'https://api.stripe.com/v1/subscriptions/sub_1';

function answer(send) {
  return new Promise((resolve, reject) => {
    const outgoing = send((incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (piece) => (text += piece));
      incoming.on('end', () => resolve(JSON.parse(text)));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

for (const send of [
  (done) => https.get(url, { headers }, done),
  (done) => get(new URL(url), { headers }, done),
  (done) => request({ hostname: 'api.stripe.com', path: '/v1/subscriptions/sub_1', headers }, done),
  (done) => request({ host: 'api.stripe.com:443', path: '/v1/subscriptions/sub_1', headers: Object.entries(headers).flat() }, done),
  (done) => https.request({ host: 'API.stripe.com', path: '/v1/subscriptions/sub_1', auth: 'sk_test_0123456789abcdef:' }, done),
  (done) => https.request('https://sk_test_0123456789abcdef:@api.stripe.com/v1/subscriptions/sub_1', done),
  (done) => http.request('http://api.stripe.com/v1/subscriptions/sub_1', { headers }, done),
]) {
  assert.equal((await answer(send)).id, 'sub_1', String(send));
}

const asked = new Request(url, { headers });
const abandoned = new AbortController();
for (const call of [
  () => fetch(url, { headers }),
  () => fetch(new URL(url), { headers, dispatcher: { dispatch: () => assert.fail('not over this') } }),
  () => fetch(asked),
  () => fetch(asked, { signal: abandoned.signal }),
]) {
  const response = await call();
  assert.equal(response.status, 200, String(call));
  assert.equal(response.url, url);
  assert.match(response.headers.get('request-id'), /^req_/);
  assert.equal((await response.json()).id, 'sub_1');
}
abandoned.abort(new Error('no longer wanted'));
await assert.rejects(fetch(asked, { signal: abandoned.signal }), /no longer wanted/);

// A streamed body, and one of a Request; another test checks the responses.
const pieces = new ReadableStream({
  start(controller) {
    controller.enqueue(new TextEncoder().encode('email=a%40'));
    controller.enqueue(new TextEncoder().encode('example.com'));
    controller.close();
  },
});
const form = { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' };
const streamed = await fetch('https://api.stripe.com/v1/nothing', { method: 'POST', headers: form, body: pieces, duplex: 'half' });
assert.equal(streamed.status, 404);
const posted = new Request('https://files.stripe.com/v1/nothing', { method: 'POST', headers: form, body: 'a=b' });
assert.equal((await fetch(posted)).status, 404);

// Requests to other hosts are not redirected.
const elsewhere = http.createServer((_, response) => response.end('{"id":"elsewhere"}')).listen(0, '127.0.0.1');
await new Promise((resolve) => elsewhere.once('listening', resolve));
const other = `http://127.0.0.1:${elsewhere.address().port}/`;
assert.equal((await answer((done) => http.get(other, done))).id, 'elsewhere');
assert.equal((await (await fetch(other)).json()).id, 'elsewhere');
await assert.rejects(fetch('nonsense'), TypeError);
elsewhere.close();
elsewhere.closeAllConnections();
