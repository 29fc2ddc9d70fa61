-- The table stores prices. Their words come from config/subscriptions.ts, or from the names of Stripe's products.
select stripe_price_id as key, null as word, count(*) as accounts from users where stripe_price_id is not null group by stripe_price_id
