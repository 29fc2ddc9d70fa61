-- The table stores prices.
select stripe_subscription_price_id as key, null as word, count(*) as accounts
from organization
where stripe_subscription_price_id is not null
group by stripe_subscription_price_id
