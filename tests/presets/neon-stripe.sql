-- A common shape: one row per user of Neon Auth or another provider of identities.
create table subscriptions (
  id text primary key default gen_random_uuid()::text,
  user_id text not null unique,
  stripe_customer_id text unique,
  stripe_subscription_id text unique,
  plan text,
  status text not null,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  updated_at timestamptz not null default now()
);
insert into subscriptions (user_id, stripe_customer_id, stripe_subscription_id, plan, status, current_period_end, cancel_at_period_end) values
  ('u1', null,    null,    null,  'incomplete', null, false),
  ('u2', 'cus_2', 'sub_2', 'pro', 'active',   now() + interval '20 days', false),
  ('u3', 'cus_3', 'sub_3', 'pro', 'trialing', now() + interval '20 days', false),
  ('u4', 'cus_4', 'sub_4', null,  'past_due', now() + interval '20 days', false),
  ('u5', 'cus_5', 'sub_5', null,  'canceled', now() - interval '2 days',  false),
  ('u6', 'cus_6', 'sub_6', 'team', 'active',  now() + interval '20 days', true);
