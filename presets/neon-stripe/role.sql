-- On Neon, run this in the SQL editor: roles made in the console may write.
create role prodverdict login password '…';
grant select on subscriptions to prodverdict;
