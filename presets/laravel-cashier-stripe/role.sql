create role prodverdict login password '…';
grant select (id, stripe_id, trial_ends_at) on users to prodverdict;
grant select on subscriptions, subscription_items to prodverdict;
