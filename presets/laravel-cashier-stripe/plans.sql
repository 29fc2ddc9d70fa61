-- Cashier stores prices.
select i.stripe_price as key, null as word, count(*) as accounts from subscription_items i group by i.stripe_price
