create role prodverdict login password '…';
grant select on organization to prodverdict;
