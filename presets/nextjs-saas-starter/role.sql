create role prodverdict login password '…';
grant select (id, stripe_customer_id, stripe_subscription_id, stripe_product_id, plan_name, subscription_status) on teams to prodverdict;
