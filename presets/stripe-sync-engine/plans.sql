-- stripe.products mirrors Stripe's products, with their names.
select p.id as key, p.name as word, count(i.id) as accounts
from stripe.products p
left join stripe.prices pr on pr.product = p.id
left join stripe.subscription_items i on i.price = pr.id
where p.active
group by p.id, p.name
