"""The official Paddle library, unmodified: lists page by page, reads, writes, and verifies a delivery."""

import os

import httpx
import requests
from paddle_billing import Client, Environment, Options
from paddle_billing.Entities.Shared import CollectionMode  # noqa: F401  (the strict entities are importable)
from paddle_billing.Resources.Customers.Operations import CreateCustomer
from paddle_billing.Resources.Subscriptions.Operations import CancelSubscription, ListSubscriptions
from paddle_billing.Resources.Shared.Operations.List.Pager import Pager

paddle = Client(os.environ["PADDLE_API_KEY"], options=Options(Environment.SANDBOX))

pager = Pager(per_page=10)
subscriptions = [one for one in paddle.subscriptions.list(ListSubscriptions(pager))]
assert len(subscriptions) == 25, len(subscriptions)
assert {str(one.status) for one in subscriptions} == {"active"}, subscriptions[0].status
one = paddle.subscriptions.get(subscriptions[0].id)
assert one.items[0].price.id == "pri_pro" and one.items[0].product.name == "Pro"

made = paddle.customers.create(CreateCustomer(email="New@Example.com"))
assert made.email == "new@example.com", made.email
canceled = paddle.subscriptions.cancel(one.id, CancelSubscription())
assert canceled.scheduled_change.action == "cancel", canceled.scheduled_change

headers = {"Authorization": "Bearer " + os.environ["PADDLE_API_KEY"]}
url = "https://api.paddle.com/subscriptions?per_page=10"
assert requests.get(url, headers=headers).json()["meta"]["pagination"]["next"].startswith("https://api.paddle.com/")
assert httpx.get(url, headers=headers).json()["meta"]["pagination"]["next"].startswith("https://api.paddle.com/")
print("paddle ok")
