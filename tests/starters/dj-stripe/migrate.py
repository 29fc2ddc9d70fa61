"""Creates the tables and the endpoint's row, in which dj-stripe keeps the signing secret."""

import os

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)

from djstripe.models import WebhookEndpoint  # noqa: E402 - after setup

WebhookEndpoint.objects.create(
    id="we_rehearsal",
    djstripe_uuid=os.environ["ENDPOINT"],
    enabled_events=["*"],
    livemode=False,
    metadata={},
    secret=os.environ["STRIPE_WEBHOOK_SECRET"],
    status="enabled",
    url="http://127.0.0.1/",
)
