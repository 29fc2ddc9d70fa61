create role prodverdict login password '…';
grant select (id, "paymentProcessorUserId", "subscriptionStatus", "subscriptionPlan") on "User" to prodverdict;
