-- The table stores words, not prices.
select null as key, plan as word, count(*) as accounts from users where has_paid_access group by plan
