// Next.js: a route handler in the framework's own server.
import pg from 'pg';
import Stripe from 'stripe';

export const dynamic = 'force-dynamic';

let db;
let stripe;

export async function POST(request) {
  // Not at the top level: `next build` loads the module too.
  db ??= new pg.Pool({ connectionString: process.env.DATABASE_URL });
  stripe ??= new Stripe(process.env.STRIPE_SECRET_KEY);
  let event;
  try {
    event = stripe.webhooks.constructEvent(
      await request.text(),
      request.headers.get('stripe-signature'),
      process.env.STRIPE_WEBHOOK_SECRET,
    );
  } catch {
    return new Response('refused', { status: 400 });
  }
  if (event.type.startsWith('customer.subscription.')) {
    const { status, customer } = await stripe.subscriptions.retrieve(event.data.object.id);
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [status, customer]);
  }
  return new Response('done');
}
