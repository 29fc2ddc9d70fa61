// The routes of the app. A Next.js app has the same ones, each in a separate file.

import { createServer } from 'node:http';
import pg from 'pg';
import Stripe from 'stripe';

import { PLANS, handleWebhook } from './webhook.js';

const LARGEST_BODY = 1024 * 1024;

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const logLoss = (error) => console.error('lost a database connection:', error.message);
pool.on('error', logLoss);
pool.on('connect', (client) => client.on('error', logLoss)); // one that is in use

// No retries: a row stays locked meanwhile, and Stripe sends the event again anyway.
const stripe = new Stripe(process.env.STRIPE_SECRET_KEY, { maxNetworkRetries: 0, timeout: 10_000 });

const routes = {
  'POST /api/stripe/webhook': async (request) => {
    const body = await readBody(request);
    if (body === null) {
      return [413, { error: 'too large' }];
    }
    const status = await handleWebhook({ pool, stripe }, body, request.headers['stripe-signature']);
    return [status, { received: status === 200 }];
  },

  // A real app takes the user from its session, here and in the two routes below.
  'GET /api/me': async (_request, query) => {
    const user = await findUser(query.get('user'));
    if (!user) {
      return [404, { error: 'no such user' }];
    }
    const { plan, seats } = user;
    return [200, { user: user.id, paid: user.has_paid_access || user.is_comped, plan, seats }];
  },

  'POST /api/checkout': async (_request, query) => {
    const user = await findUser(query.get('user'));
    const price = query.get('price');
    if (!user || !Object.hasOwn(PLANS, price)) {
      return [404, { error: 'no such user or price' }];
    }
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price, quantity: Number(query.get('seats') ?? 1) }],
      ...(user.stripe_customer_id ? { customer: user.stripe_customer_id } : { customer_email: user.email }),
      // The webhook finds the account by these ids.
      client_reference_id: user.id,
      metadata: { userId: user.id },
      subscription_data: { metadata: { userId: user.id } },
      success_url: 'http://localhost:3000/?paid',
      cancel_url: 'http://localhost:3000/',
    });
    return [200, { url: session.url }];
  },

  'GET /healthz': async () => {
    await pool.query('select 1');
    return [200, { ok: true }];
  },
};

async function findUser(id) {
  const { rows } = await pool.query('select * from users where id = $1', [id]);
  return rows[0];
}

/** The bytes as they came, or null when there are too many. */
async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= LARGEST_BODY) {
      chunks.push(chunk);
    }
  }
  return length <= LARGEST_BODY ? Buffer.concat(chunks) : null;
}

const server = createServer(async (request, response) => {
  let [status, answer] = [404, { error: 'no such route' }];
  try {
    const { pathname, searchParams } = new URL(`http://localhost${request.url}`);
    const route = routes[`${request.method} ${pathname}`];
    if (route) {
      [status, answer] = await route(request, searchParams);
    }
  } catch (error) {
    console.error(`${request.method} ${request.url} failed:`, error);
    [status, answer] = [500, { error: 'internal error' }];
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});

const port = Number(process.env.PORT ?? 3000);
server.listen(port, () => console.log(`listening on http://localhost:${port}`));

/** Answers the requests in progress, then exits. */
function stop() {
  server.close(async () => {
    await pool.end();
    process.exit(0);
  });
  server.closeIdleConnections();
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
