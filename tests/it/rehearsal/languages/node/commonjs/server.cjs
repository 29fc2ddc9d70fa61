// CommonJS: Express, with the library's own signature check.
const express = require('express');
const { Pool } = require('pg');
const Stripe = require('stripe');

const db = new Pool({ connectionString: process.env.DATABASE_URL });
const stripe = new Stripe(process.env.STRIPE_SECRET_KEY);
const app = express();

app.post('/api/stripe/webhook', express.raw({ type: '*/*' }), async (request, response) => {
  let event;
  try {
    event = stripe.webhooks.constructEvent(
      request.body,
      request.headers['stripe-signature'],
      process.env.STRIPE_WEBHOOK_SECRET,
    );
  } catch {
    return response.status(400).send('refused');
  }
  if (event.type.startsWith('customer.subscription.')) {
    const { status, customer } = await stripe.subscriptions.retrieve(event.data.object.id);
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [status, customer]);
  }
  response.send('done');
});

app.listen(Number(process.env.PORT));
