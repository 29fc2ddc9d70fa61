create role prodverdict login password '…';
grant select (id, stripe_customer_id, stripe_subscription_id, stripe_price_id, stripe_current_period_end) on users to prodverdict;
