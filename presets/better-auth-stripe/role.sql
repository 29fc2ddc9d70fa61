create role prodverdict login password '…';
grant select (id, "stripeCustomerId") on "user" to prodverdict;
grant select on subscription to prodverdict;
