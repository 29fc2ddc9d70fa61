create role prodverdict login password '…';
grant usage on schema stripe to prodverdict;
grant select (id, stripe_customer_id) on public.users to prodverdict;
grant select (id, deleted) on stripe.customers to prodverdict;
grant select on stripe.subscriptions, stripe.subscription_items, stripe.prices, stripe.products to prodverdict;
