// ESM: Fastify, with the library's fetch client.
import Fastify from 'fastify';
import pg from 'pg';
import Stripe from 'stripe';

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const stripe = new Stripe(process.env.STRIPE_SECRET_KEY, { httpClient: Stripe.createFetchHttpClient() });
const app = Fastify();

app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
app.post('/api/stripe/webhook', async (request, reply) => {
  let event;
  try {
    event = stripe.webhooks.constructEvent(
      request.body,
      request.headers['stripe-signature'],
      process.env.STRIPE_WEBHOOK_SECRET,
    );
  } catch {
    return reply.code(400).send('refused');
  }
  if (event.type.startsWith('customer.subscription.')) {
    const { status, customer } = await stripe.subscriptions.retrieve(event.data.object.id);
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [status, customer]);
  }
  return 'done';
});

await app.listen({ port: Number(process.env.PORT) });
