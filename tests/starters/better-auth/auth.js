// better-auth with its Stripe plugin, set up as documented: users, two plans, a customer at sign-up.

import { stripe } from '@better-auth/stripe';
import { betterAuth } from 'better-auth';
import pg from 'pg';
import Stripe from 'stripe';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// The rehearsal breaks connections, which must not end the process.
pool.on('error', () => {});

export const auth = betterAuth({
  database: pool,
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: 'a secret of thirty-two characters and more',
  telemetry: { enabled: false },
  plugins: [
    stripe({
      stripeClient: new Stripe(process.env.STRIPE_SECRET_KEY),
      stripeWebhookSecret: process.env.STRIPE_WEBHOOK_SECRET,
      createCustomerOnSignUp: true,
      subscription: {
        enabled: true,
        plans: [
          { name: 'pro', priceId: 'price_ProMonthly', annualDiscountPriceId: 'price_ProYearly' },
          { name: 'team', priceId: 'price_TeamMonthly' },
        ],
      },
    }),
  ],
});
