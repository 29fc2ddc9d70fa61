"""The writes of an application, through the module and through a client."""

import stripe

KEY = "sk_test_0123456789abcdefghijklmn"
stripe.api_key = KEY
stripe.max_network_retries = 0


def refused(call):
    try:
        call()
    except stripe.StripeError as error:
        return error
    raise AssertionError("it was not refused")


customer = stripe.Customer.create(
    email="new@example.com", payment_method="pm_card_visa", metadata={"userId": "u1"}
)
assert customer.metadata["userId"] == "u1"
changed = stripe.Customer.modify(customer.id, name="Né & Co=1", metadata={"userId": ""})
assert changed.name == "Né & Co=1" and "userId" not in changed.metadata
subscription = stripe.Subscription.create(
    customer=customer.id, items=[{"price": "price_pro", "quantity": 2}], expand=["latest_invoice"]
)
assert subscription.status == "active" and subscription.latest_invoice.status == "paid"
item = subscription["items"]["data"][0]
subscription = stripe.Subscription.modify(subscription.id, items=[{"id": item.id, "quantity": 5}])
assert subscription["items"]["data"][0]["quantity"] == 5
subscription = stripe.Subscription.modify(subscription.id, cancel_at_period_end=True)
assert subscription.cancel_at_period_end
session = stripe.checkout.Session.create(
    mode="subscription",
    line_items=[{"price": "price_pro", "quantity": 1}],
    success_url="https://example.com/",
    client_reference_id="u1",
)
assert session.status == "open" and session.client_reference_id == "u1"
assert stripe.Subscription.cancel(subscription.id).status == "canceled"

client = stripe.StripeClient(KEY, max_network_retries=0)
once = {"idempotency_key": "once-" + customer.id}
first = client.v1.customers.create({"email": "once@example.com"}, once)
assert client.v1.customers.create({"email": "once@example.com"}, once).id == first.id
error = refused(lambda: client.v1.customers.create({"email": "other@example.com"}, once))
assert isinstance(error, stripe.IdempotencyError), repr(error)
error = refused(lambda: client.v1.subscriptions.create({"customer": customer.id, "items": [{"color": "x"}]}))
assert isinstance(error, stripe.InvalidRequestError), repr(error)
assert error.code == "parameter_unknown" and error.param == "items[0][color]", repr(error)
assert client.v1.customers.delete(customer.id).deleted
print("ok")
