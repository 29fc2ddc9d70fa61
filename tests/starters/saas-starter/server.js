// The pattern: the page after Checkout links the team and stores its plan, and the webhook handles only updates and
// deletions. A customer who closes the tab in between pays without access.

import { createServer } from 'node:http';

import pg from 'pg';
import Stripe from 'stripe';

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// The rehearsal breaks connections, which must not end the process.
db.on('error', () => {});
const stripe = new Stripe(process.env.STRIPE_SECRET_KEY);

async function afterCheckout(query) {
  const session = await stripe.checkout.sessions.retrieve(query.get('session_id'));
  const subscription = await stripe.subscriptions.retrieve(session.subscription, {
    expand: ['items.data.price.product'],
  });
  await db.query(
    `update teams set stripe_customer_id = $2, stripe_subscription_id = $3, plan_name = $4, subscription_status = $5
     where id = $1`,
    [
      session.client_reference_id,
      session.customer,
      subscription.id,
      subscription.items.data[0].price.product.name,
      subscription.status,
    ],
  );
}

async function onSubscription({ id, customer, status }) {
  if (status === 'active' || status === 'trialing') {
    await db.query(
      'update teams set stripe_subscription_id = $2, subscription_status = $3 where stripe_customer_id = $1',
      [customer, id, status],
    );
  } else if (status === 'canceled' || status === 'unpaid') {
    await db.query(
      `update teams set stripe_subscription_id = null, plan_name = null, subscription_status = $2
       where stripe_customer_id = $1`,
      [customer, status],
    );
  }
}

async function webhook(request, response) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  let event;
  try {
    event = stripe.webhooks.constructEvent(
      Buffer.concat(chunks),
      request.headers['stripe-signature'],
      process.env.STRIPE_WEBHOOK_SECRET,
    );
  } catch {
    return response.writeHead(400).end();
  }
  if (['customer.subscription.updated', 'customer.subscription.deleted'].includes(event.type)) {
    await onSubscription(event.data.object);
  }
  return response.writeHead(200).end();
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  try {
    if (pathname === '/api/stripe/webhook') {
      return await webhook(request, response);
    }
    if (pathname === '/api/stripe/checkout') {
      await afterCheckout(searchParams);
      return response.writeHead(302, { location: '/dashboard' }).end();
    }
    return response.writeHead(200).end();
  } catch (error) {
    console.error(error);
    return response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
