// The app around a small handler: `handle(event, { db, stripe, response })`.

import { createServer } from 'node:http';
import pg from 'pg';
import Stripe from 'stripe';

import { handle, visit } from './handler.js';

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
db.on('error', () => {});
db.on('connect', (client) => client.on('error', () => {}));
const stripe = new Stripe(process.env.STRIPE_SECRET_KEY, { maxNetworkRetries: 0, timeout: 10_000 });

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  if (request.method === 'GET') {
    await visit(new URL(request.url, 'http://localhost').searchParams, { db, stripe });
    return response.writeHead(302, { location: 'http://elsewhere.invalid/' }).end();
  }
  const answer = (status, text) => response.writableEnded || response.writeHead(status).end(text);
  let event;
  try {
    const signature = request.headers['stripe-signature'];
    event = stripe.webhooks.constructEvent(Buffer.concat(chunks), signature, process.env.STRIPE_WEBHOOK_SECRET);
  } catch {
    return answer(400, 'refused');
  }
  try {
    await handle(event, { db, stripe, response });
    answer(200, 'done');
  } catch (error) {
    console.error(event.type, error);
    answer(500, 'failed');
  }
});
server.listen(Number(process.env.PORT));
