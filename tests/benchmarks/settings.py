"""The tests' settings, with the queues that are measured beside ours, as far as they are installed."""

from importlib.util import find_spec

from tests.benchmarks.instant import APPS
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

QUEUES = [app for app in ("django_tasks", "django_tasks_db") if find_spec(app)]
INSTALLED_APPS = [*INSTALLED_APPS, *(app for app in QUEUES if app not in INSTALLED_APPS)]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
CONNECTED_ACCOUNTS_PROVIDERS = APPS
