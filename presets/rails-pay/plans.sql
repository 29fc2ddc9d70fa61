-- Pay stores prices.
select s.processor_plan as key, null as word, count(*) as accounts
from pay_subscriptions s
join pay_customers c on c.id = s.customer_id and c.processor = 'stripe'
group by s.processor_plan
