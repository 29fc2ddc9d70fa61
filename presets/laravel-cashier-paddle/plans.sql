-- Cashier stores prices. Their words come from the names of Paddle's products.
select i.price_id as key, null as word, count(*) as accounts from subscription_items i group by i.price_id
