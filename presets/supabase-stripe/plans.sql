-- The webhook mirrors Stripe's products, with their names.
select p.id as key, p.name as word, count(s.id) as accounts
from public.products p
left join public.prices pr on pr.product_id = p.id
left join public.subscriptions s on s.price_id = pr.id and s.status in ('active', 'trialing')
where p.active
group by p.id, p.name
