// stripe-sync-engine behind a route, as in its README.

const { createServer } = require('node:http');

const { StripeSync } = require('@supabase/stripe-sync-engine');

const sync = new StripeSync({
  poolConfig: { connectionString: process.env.DATABASE_URL, max: 10 },
  stripeSecretKey: process.env.STRIPE_SECRET_KEY,
  stripeWebhookSecret: process.env.STRIPE_WEBHOOK_SECRET,
});
// The rehearsal breaks connections, which must not end the process.
sync.postgresClient.pool.on('error', () => {});

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  try {
    await sync.processWebhook(Buffer.concat(chunks), request.headers['stripe-signature']);
    response.writeHead(200).end();
  } catch (error) {
    console.error(error);
    response.writeHead(400).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
