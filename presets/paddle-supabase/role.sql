-- bypassrls, because Supabase does not let you add a policy to auth.users.
create role prodverdict login bypassrls password '…';
grant usage on schema auth, public to prodverdict;
grant select (id, email) on auth.users to prodverdict;
grant select on public.customers, public.subscriptions to prodverdict;
