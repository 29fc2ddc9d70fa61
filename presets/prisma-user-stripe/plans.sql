-- The table stores prices.
select stripe_price_id as key, null as word, count(*) as accounts from users where stripe_price_id is not null group by stripe_price_id
