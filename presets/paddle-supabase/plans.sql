-- The kit stores products.
select product_id as key, null as word, count(*) as accounts from public.subscriptions where product_id is not null group by product_id
