-- The table stores words. Their prices are in the variables PAYMENTS_…_PLAN_ID.
select null as key, "subscriptionPlan" as word, count(*) as accounts
from "User"
where "subscriptionStatus" in ('active', 'cancel_at_period_end')
group by "subscriptionPlan"
