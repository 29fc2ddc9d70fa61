# FastAPI under uvicorn, with the library's asynchronous client.
import os

import psycopg
import stripe
import uvicorn
from fastapi import FastAPI, Request, Response

client = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"], http_client=stripe.HTTPXClient())
app = FastAPI()


@app.post("/api/stripe/webhook")
async def webhook(request: Request):
    try:
        event = client.construct_event(
            await request.body(), request.headers.get("stripe-signature", ""), os.environ["STRIPE_WEBHOOK_SECRET"]
        )
    except (ValueError, stripe.SignatureVerificationError):
        return Response("refused", 400)
    if event.type.startswith("customer.subscription."):
        subscription = await client.v1.subscriptions.retrieve_async(event.data.object.id)
        async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as db:
            await db.execute(
                "update accts set status = %s where stripe_customer_id = %s",
                (subscription.status, subscription.customer),
            )
    return Response("done")


uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
