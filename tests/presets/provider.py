"""A provider with a few prices and subscriptions, for `init`, `doctor` and a check. It knows every customer that is looked up."""

import http.server
import json
import urllib.parse


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers for Stripe and for Paddle: `plans` are pairs of a price or product and its word."""

    plans = []
    subscriptions = []

    def do_GET(self):
        path, query = self.path.partition("?")[::2]
        query = dict(urllib.parse.parse_qsl(query))
        listed = {
            "/v1/prices": self.stripe_prices, "/prices": self.paddle_prices,
            "/v1/subscriptions": self.listed_subscriptions, "/subscriptions": self.listed_subscriptions,
        }
        if path in listed:
            self.answer_list(listed[path](query), path)
        elif path in ("/v1/customers", "/v1/events", "/v1/invoices"):
            self.answer_list([], path)
        elif path == "/customers":
            self.answer_list([self.paddle_customer(one) for one in query.get("id", "").split(",") if one], path)
        elif path.startswith("/v1/customers/"):
            self.answer({"id": path.rpartition("/")[2], "object": "customer", "metadata": {}})
        else:
            self.answer({"error": {"code": "resource_missing", "message": f"no such path: {path}"}}, 404)

    @staticmethod
    def paddle_customer(customer: str) -> dict:
        return {"id": customer, "status": "active", "email": f"{customer}@x.test", "custom_data": None}

    def stripe_prices(self, _query: dict) -> list[dict]:
        return [
            {"id": price, "object": "price", "active": True, "recurring": {"interval": "month"}, "lookup_key": None, "nickname": None,
             "product": {"id": product, "object": "product", "name": word}}
            for price, product, word in map(self.parts, self.plans)
        ]

    def paddle_prices(self, _query: dict) -> list[dict]:
        return [
            {"id": price, "name": None, "billing_cycle": {"interval": "month", "frequency": 1}, "product_id": product,
             "product": {"id": product, "name": word}}
            for price, product, word in map(self.parts, self.plans)
        ]

    @staticmethod
    def parts(plan: tuple[str, str]) -> tuple[str, str, str]:
        key, word = plan
        if key.startswith(("price_", "pri_")):
            return key, f"prod_{word}", word
        return f"price_of_{key}", key, word

    def listed_subscriptions(self, query: dict) -> list[dict]:
        status = query.get("status", "")
        ended = ("canceled", "incomplete_expired")

        def is_wanted(one: dict) -> bool:
            by_customer = query.get("customer", query.get("customer_id"))
            if by_customer and one.get("customer", one.get("customer_id")) not in by_customer.split(","):
                return False
            if self.path.startswith("/subscriptions") or status == "all":
                return True
            if not status:
                return one["status"] not in ended
            return one["status"] in ended if status == "ended" else one["status"] == status

        return [one for one in self.subscriptions if is_wanted(one)]

    def answer_list(self, data: list[dict], path: str):
        if path.startswith("/v1/"):
            self.answer({"object": "list", "data": data, "has_more": False, "url": path})
        else:
            pages = {"per_page": 200, "next": "", "has_more": False, "estimated_total": len(data)}
            self.answer({"data": data, "meta": {"request_id": "r", "pagination": pages}})

    def answer(self, body: dict, status: int = 200):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
