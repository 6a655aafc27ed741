"""Settings of the processes that publish: the tests' own, with the database and the sandbox of the test."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

DATABASES["default"]["NAME"] = os.environ["ENGINES_DATABASE"]
INSTALLED_APPS = [*INSTALLED_APPS, *os.environ.get("ENGINES_APPS", "").split()]
MEDIA_ROOT = os.environ["ENGINES_MEDIA"]
TASKS = {"default": {"BACKEND": os.environ.get("ENGINES_TASKS", "django.tasks.backends.dummy.DummyBackend")}}

CONNECTED_ACCOUNTS_SANDBOX = os.environ["ENGINES_SANDBOX"]
CONNECTED_ACCOUNTS_BASE_URL = os.environ["ENGINES_SITE"]
CONNECTED_ACCOUNTS_POLL_SECONDS = 0.05

globals().update(json.loads(os.environ.get("ENGINES_SETTINGS", "{}")))
