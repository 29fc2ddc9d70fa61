// The app around a small handler: `handle(event, { db, paddle, find, store, headers })`.

import { createServer } from 'node:http';
import { Environment, Paddle } from '@paddle/paddle-node-sdk';
import pg from 'pg';

import { handle } from './handler.js';

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
db.on('error', () => {});
db.on('connect', (client) => client.on('error', () => {}));
const paddle = new Paddle(process.env.PADDLE_API_KEY, { environment: Environment.sandbox });

/** The account that the custom data names, else the customer's. */
async function find({ customerId, customData }) {
  const { rows } = await db.query('select * from accts where id = $1 or ctm = $2 order by id = $1 desc limit 1', [
    customData?.userId ?? null,
    customerId,
  ]);
  return rows[0];
}

/** Writes what a subscription says. */
async function store(account, one) {
  if (!account) return;
  await db.query('update accts set ctm = $2, sub = $3, status = $4, ends = $5, ending = $6 where id = $1', [
    account.id,
    one.customerId,
    one.id,
    one.status,
    one.currentBillingPeriod?.endsAt ?? null,
    one.scheduledChange?.action === 'cancel',
  ]);
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = (status) => response.writeHead(status).end();
  let event;
  try {
    const signature = request.headers['paddle-signature'] ?? '';
    const body = Buffer.concat(chunks).toString();
    event = await paddle.webhooks.unmarshal(body, process.env.PADDLE_WEBHOOK_SECRET, signature);
  } catch {
    return answer(400);
  }
  try {
    await handle(event, { db, paddle, find, store, headers: request.headers });
    answer(200);
  } catch (error) {
    console.error(event.eventType, error);
    answer(500);
  }
});
server.listen(Number(process.env.PORT));
