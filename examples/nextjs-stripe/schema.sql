-- What the app keeps about its users; the webhook handler writes the last three columns.
create table users (
  id text primary key,
  email text not null unique,
  stripe_customer_id text unique,
  is_comped boolean not null default false,
  has_paid_access boolean not null default false,
  plan text not null default 'free',
  updated_at timestamptz not null default now()
);
