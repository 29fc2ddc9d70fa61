# Flask, with the library's synchronous client.
import os

import psycopg
import stripe
from flask import Flask, request

stripe.api_key = os.environ["STRIPE_SECRET_KEY"]
app = Flask(__name__)


@app.post("/api/stripe/webhook")
def webhook():
    try:
        event = stripe.Webhook.construct_event(
            request.get_data(), request.headers.get("Stripe-Signature", ""), os.environ["STRIPE_WEBHOOK_SECRET"]
        )
    except (ValueError, stripe.SignatureVerificationError):
        return "refused", 400
    if event.type.startswith("customer.subscription."):
        subscription = stripe.Subscription.retrieve(event.data.object.id)
        with psycopg.connect(os.environ["DATABASE_URL"]) as db:
            db.execute(
                "update accts set status = %s where stripe_customer_id = %s",
                (subscription.status, subscription.customer),
            )
    return "done"


app.run(port=int(os.environ["PORT"]))
