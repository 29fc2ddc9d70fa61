"""Subscriptions as the provider's API returns them, from the short form of case files."""

import time

DAY = 86400
DEFAULTS = {
    "status": "active", "ends": 20, "days": 30, "ended": 40, "cancels": False, "pause": None, "quantity": 1, "product": "prod_other",
}


def stripe_subscription(one: dict, now: int) -> dict:
    ends = now + int(one["ends"] * DAY)
    begins = ends - one["days"] * DAY
    interval = "year" if one["days"] > 300 else "month"
    ended = {"canceled_at": now - DAY, "ended_at": now - one["ended"] * DAY} if one["status"] == "canceled" else {}
    price = {
        "id": one["price"], "object": "price", "currency": "usd", "product": one["product"], "type": "recurring",
        "recurring": {"interval": interval, "interval_count": 1, "usage_type": "licensed"}, "unit_amount": 2000,
    }
    item = {
        "id": f"si_{one['id']}", "object": "subscription_item", "current_period_start": begins, "current_period_end": ends,
        "price": price, "quantity": one["quantity"],
    }
    pause = {"behavior": one["pause"]} if one["pause"] else None
    return {
        "id": one["id"], "object": "subscription", "created": now - 90 * DAY, "cancel_at": None,
        "cancel_at_period_end": one["cancels"], "canceled_at": None, "ended_at": None, "currency": "usd",
        "customer": one["customer"], "livemode": True, "metadata": {}, "pause_collection": pause, "status": one["status"],
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
    } | ended


def paddle_subscription(one: dict, now: int) -> dict:
    def at(seconds: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

    ends = now + int(one["ends"] * DAY)
    price = {
        "id": one["price"], "product_id": one["product"], "unit_price": {"amount": "2000", "currency_code": "USD"},
        "billing_cycle": {"interval": "month", "frequency": 1},
    }
    change = {"action": "cancel", "effective_at": at(ends)} if one["cancels"] else None
    return {
        "id": one["id"], "status": one["status"], "customer_id": one["customer"], "created_at": at(now - 90 * DAY),
        "canceled_at": at(now - one["ended"] * DAY) if one["status"] == "canceled" else None, "currency_code": "USD",
        "collection_mode": "automatic", "custom_data": None, "scheduled_change": change,
        "current_billing_period": {"starts_at": at(ends - 30 * DAY), "ends_at": at(ends)},
        "items": [{"price": price, "quantity": one["quantity"]}],
    }
