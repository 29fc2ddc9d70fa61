create role prodverdict login password '…';
grant usage on schema public to prodverdict;
grant select on public.users, public.customers, public.subscriptions, public.prices, public.products to prodverdict;
-- Row-level security would hide every row.
create policy prodverdict_read on public.users for select to prodverdict using (true);
create policy prodverdict_read on public.customers for select to prodverdict using (true);
create policy prodverdict_read on public.subscriptions for select to prodverdict using (true);
create policy prodverdict_read on public.prices for select to prodverdict using (true);
create policy prodverdict_read on public.products for select to prodverdict using (true);
