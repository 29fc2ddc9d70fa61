"""A Django project with only drf-stripe-subscription."""

import os
from urllib.parse import unquote, urlsplit

DATABASE = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "a key of a test, which signs nothing"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "drf_stripe"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE.path.lstrip("/"),
        "USER": unquote(DATABASE.username or ""),
        "PASSWORD": unquote(DATABASE.password or ""),
        "HOST": DATABASE.hostname,
        "PORT": DATABASE.port or 5432,
    }
}
DRF_STRIPE = {
    "STRIPE_API_SECRET": os.environ.get("STRIPE_SECRET_KEY", ""),
    "STRIPE_WEBHOOK_SECRET": os.environ.get("STRIPE_WEBHOOK_SECRET", ""),
}
# Without it, Django does not log the cause of a 500 response.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR"}},
}
