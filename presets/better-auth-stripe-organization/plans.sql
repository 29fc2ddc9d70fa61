-- The table stores the plan's name. Its prices are in the plugin's options.
select null as key, plan as word, count(*) as accounts from subscription where status in ('active', 'trialing') group by plan
