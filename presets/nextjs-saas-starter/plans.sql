-- A team with access stores the product and its name.
select stripe_product_id as key, plan_name as word, count(*) as accounts
from teams
where subscription_status in ('active', 'trialing') and stripe_product_id is not null and plan_name is not null
group by stripe_product_id, plan_name
