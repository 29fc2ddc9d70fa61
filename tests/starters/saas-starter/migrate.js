import { readFileSync } from 'node:fs';

import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query(readFileSync('schema.sql', 'utf8'));
await client.end();
