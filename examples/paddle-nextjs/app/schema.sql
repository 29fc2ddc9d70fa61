-- What the app keeps about its users. The webhook handler writes what is below `is_comped`, and the link to the customer.
create table users (
  id text primary key,
  email text not null unique,
  paddle_customer_id text unique,
  is_comped boolean not null default false, -- complimentary access without a subscription
  has_paid_access boolean not null default false,
  plan text not null default 'free',
  seats integer not null default 0,
  paddle_subscription_id text,
  subscription_status text,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  updated_at timestamptz not null default now()
);

-- The events that have been dealt with.
create table paddle_events (
  id text primary key,
  received_at timestamptz not null default now()
);
