// The routes of the app. A Next.js app has the same ones, each in a separate file.

import { createServer } from 'node:http';
import { Environment, Paddle } from '@paddle/paddle-node-sdk';
import pg from 'pg';

import { handleWebhook } from './webhook.js';

const LARGEST_BODY = 1024 * 1024;

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const logLoss = (error) => console.error('lost a database connection:', error.message);
pool.on('error', logLoss);
pool.on('connect', (client) => client.on('error', logLoss)); // one that is in use

const isSandbox = process.env.PADDLE_API_KEY?.startsWith('pdl_sdbx_');
const environment = isSandbox ? Environment.sandbox : Environment.production;
const paddle = new Paddle(process.env.PADDLE_API_KEY, { environment });

const routes = {
  'POST /api/paddle/webhook': async (request) => {
    const body = await readBody(request);
    if (body === null) {
      return [413, { error: 'too large' }];
    }
    const status = await handleWebhook({ pool, paddle }, body, request.headers['paddle-signature'] ?? '');
    return [status, { received: status === 200 }];
  },

  // A real app takes the user from its session. Paddle.js opens the checkout, with `customData: { userId }`.
  'GET /api/me': async (_request, query) => {
    const { rows } = await pool.query('select * from users where id = $1', [query.get('user')]);
    const [user] = rows;
    if (!user) {
      return [404, { error: 'no such user' }];
    }
    const { plan, seats } = user;
    return [200, { user: user.id, paid: user.has_paid_access || user.is_comped, plan, seats }];
  },

  'GET /healthz': async () => {
    await pool.query('select 1');
    return [200, { ok: true }];
  },
};

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
