create role prodverdict login password '…';
grant select (id) on auth_user to prodverdict;
grant select (id, subscriber_id, livemode, date_purged) on djstripe_customer to prodverdict;
grant select on djstripe_subscription, djstripe_subscriptionitem, djstripe_price, djstripe_product to prodverdict;
