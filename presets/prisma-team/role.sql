create role prodverdict login password '…';
grant select (id, "billingId") on "Team" to prodverdict;
grant select on "Subscription", "Price", "Service" to prodverdict;
