"""The reads of an application, through the module and through clients, over every installed transport."""

import asyncio

import stripe

KEY = "sk_test_0123456789abcdefghijklmn"
stripe.api_key = KEY
stripe.max_network_retries = 0


def client(**options):
    return stripe.StripeClient(KEY, max_network_retries=0, **options)


def reads(name, subscriptions):
    subscription = subscriptions("retrieve", "sub_1", expand=["customer", "items.data.price.product"])
    assert subscription.customer.email == "one@example.com", name
    assert subscription["items"]["data"][0]["price"]["product"]["name"] == "Pro", name
    ids = [one.id for one in subscriptions("list", limit=10, status="all").auto_paging_iter()]
    assert len(set(ids)) == 25, name
    try:
        subscriptions("retrieve", "sub_none")
        raise AssertionError(name)
    except stripe.InvalidRequestError as error:
        assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id"), error
    print(name, "ok")


def of_module(method, *path, **params):
    return getattr(stripe.Subscription, method)(*path, **params)


def of_client(given):
    def call(method, *path, **params):
        return getattr(given.v1.subscriptions, method)(*path, params=params)

    return call


reads("module", of_module)
stripe.proxy = "http://127.0.0.1:1"
reads("module with a proxy", of_module)
reads("client", of_client(client()))
reads("urllib", of_client(client(http_client=stripe.UrllibClient())))
reads("httpx", of_client(client(http_client=stripe.HTTPXClient(allow_sync_methods=True))))


async def several():
    http = stripe.HTTPXClient()
    await asyncio.gather(*[client(http_client=http).v1.subscriptions.retrieve_async("sub_1") for _ in range(5)])


asyncio.run(several())
try:
    stripe.Subscription.retrieve("sub_1", api_key="pk_test_0123456789abcdefghijklmn")
    raise AssertionError
except stripe.AuthenticationError:
    pass
