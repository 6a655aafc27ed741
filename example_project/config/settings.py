"""A host project on the sandbox. For development only: a production project needs more."""

import os
from pathlib import Path

from .keys import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
KEPT = BASE_DIR / ".demo"
"""What one machine keeps between runs: its own secrets."""
STATE = Path(os.environ.get("STUDIO_STATE", KEPT))
"""Where this run keeps its database and its files."""

DEBUG = True
SECRET_KEY = kept_secret(KEPT / "secret.key")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
MEDIA_ROOT = STATE / "media"
LOGIN_URL = "admin:login"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": STATE / "db.sqlite3",
        # Web and worker write to one file: wait for each other instead of failing.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL;",
        },
    }
}

INSTALLED_APPS = [
    "studio",  # before the package, so that its base template wins
    "django_connected_accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "studio.middleware.DemoLogin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django_connected_accounts": {"handlers": ["console"], "level": "INFO"},
        "django.server": {"level": "ERROR"},
    },
}

CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = [kept_secret(KEPT / "encryption.key")]
CONNECTED_ACCOUNTS_BASE_URL = os.environ.get("STUDIO_URL", "http://127.0.0.1:8000")
CONNECTED_ACCOUNTS_SANDBOX = os.environ.get("STUDIO_SANDBOX", "http://127.0.0.1:8765")
CONNECTED_ACCOUNTS_CAPABILITIES = ("connect", "publish", "comment", "measure")
# On the sandbox every platform is offered, and no keys are needed.
CONNECTED_ACCOUNTS_PROVIDERS = {
    "linkedin": {"PAGES": True},
    "tiktok": {"AUDITED": True},
    # One that is not of the package: its class, and what plays it in the sandbox.
    "corkle": {"CLASS": "corkle.provider.Corkle", "SANDBOX": "corkle.sandbox.CorkleSandbox"},
}
