-- "Service" holds Stripe's products, with their names.
select service.id as key, service.name as word, count(s.id) as accounts
from "Service" service
left join "Price" p on p."serviceId" = service.id
left join "Subscription" s on s."priceId" = p.id and s.active
group by service.id, service.name
