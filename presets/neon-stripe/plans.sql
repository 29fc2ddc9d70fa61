-- The table stores words, not prices.
select null as key, plan as word, count(*) as accounts from subscriptions where status in ('active', 'trialing') group by plan
