// The engine's own migrations create the schema `stripe`; the application has a table of users.

const { runMigrations } = require('@supabase/stripe-sync-engine');
const pg = require('pg');

async function main() {
  // It only logs what goes wrong.
  const logger = { info: () => {}, error: (error) => { throw error; } };
  await runMigrations({ databaseUrl: process.env.DATABASE_URL, schema: 'stripe', logger });
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query('create table users (id text primary key, email text not null unique, stripe_customer_id text unique)');
  await client.end();
}

main();
