create role prodverdict login password '…';
grant select (id) on users to prodverdict;
grant select on pay_customers, pay_subscriptions to prodverdict;
