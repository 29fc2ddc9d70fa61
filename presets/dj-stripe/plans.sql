-- djstripe_product mirrors Stripe's products, with their names.
select p.id as key, p.name as word, count(i.id) as accounts
from djstripe_product p
left join djstripe_price pr on pr.product_id = p.id
left join djstripe_subscriptionitem i on i.price_id = pr.djstripe_id
where p.active
group by p.id, p.name
