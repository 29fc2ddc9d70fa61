create table teams (
  id serial primary key,
  name text not null,
  stripe_customer_id text unique,
  stripe_subscription_id text unique,
  plan_name text,
  subscription_status text
);
