-- Cashier stores prices.
select i.price_id as key, null as word, count(*) as accounts from subscription_items i group by i.price_id
