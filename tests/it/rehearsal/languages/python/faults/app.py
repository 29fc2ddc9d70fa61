# Two bugs of real applications, in a few lines each. FAULT selects one.
import os
import threading
import time

import psycopg
import stripe
from flask import Flask, request

stripe.api_key = os.environ["STRIPE_SECRET_KEY"]
app = Flask(__name__)


def store(status, customer):
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        db.execute(
            "update accts set status = %s where stripe_customer_id = %s and status is distinct from %s",
            (status, customer, status),
        )


def forgets_dunning(subscription):
    if subscription.status not in ("past_due", "unpaid"):
        store(subscription.status, subscription.customer)


def answers_first(subscription):
    def later():
        time.sleep(0.03)
        store(subscription.status, subscription.customer)

    threading.Thread(target=later).start()


@app.post("/api/stripe/webhook")
def webhook():
    try:
        event = stripe.Webhook.construct_event(
            request.get_data(), request.headers.get("Stripe-Signature", ""), os.environ["STRIPE_WEBHOOK_SECRET"]
        )
    except (ValueError, stripe.SignatureVerificationError):
        return "refused", 400
    if event.type.startswith("customer.subscription."):
        handle = {"forgets-dunning": forgets_dunning, "answers-first": answers_first}[os.environ["FAULT"]]
        handle(stripe.Subscription.retrieve(event.data.object.id))
    return "done"


app.run(port=int(os.environ["PORT"]))
