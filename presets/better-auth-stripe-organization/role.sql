create role prodverdict login password '…';
grant select (id, "stripeCustomerId") on organization to prodverdict;
grant select on subscription to prodverdict;
