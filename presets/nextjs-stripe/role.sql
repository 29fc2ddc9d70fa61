create role prodverdict login password '…';
grant select on users to prodverdict;
