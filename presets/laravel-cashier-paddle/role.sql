create role prodverdict login password '…';
grant select (id) on users to prodverdict;
grant select on customers, subscriptions, subscription_items to prodverdict;
