"""A Django project with only dj-stripe."""

import os
from urllib.parse import unquote, urlsplit

DATABASE = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "a key of a test, which signs nothing"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "djstripe"]
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
STRIPE_LIVE_MODE = False
# dj-stripe checks the format of a key: 24 letters and digits.
STRIPE_TEST_SECRET_KEY = "sk_test_" + "prodverdictrehearsal0000"
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
# Without it, Django does not log the cause of a 500 response.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR"}},
}
