"""A small host project, as the tests need one."""

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec
from urllib.parse import parse_qsl, urlsplit

import django

SECRET_KEY = "tests-only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "tests.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
MEDIA_ROOT = tempfile.mkdtemp(prefix="connected-accounts-tests-")
atexit.register(shutil.rmtree, MEDIA_ROOT, ignore_errors=True)
LOGIN_URL = "/accounts/login/"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_connected_accounts",
    "tests.host",
]
if django.VERSION >= (6, 0) and find_spec("django_tasks_db"):
    INSTALLED_APPS.append("django_tasks_db")
# That a version of a platform ends depends on the day on which these tests are run.
SILENCED_SYSTEM_CHECKS = ["connected_accounts.W051", "connected_accounts.W054"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
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
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# CONNECTED_ACCOUNTS_TEST_DATABASE is a URL: sqlite:, mariadb://user@host:port/, postgresql://user@host:port/
# or postgresql://user@/?host=/folder/of/its/socket
_database = urlsplit(os.environ.get("CONNECTED_ACCOUNTS_TEST_DATABASE", "sqlite:"))
_server = {
    "USER": _database.username or "",
    "PASSWORD": _database.password or "",
    "HOST": _database.hostname or dict(parse_qsl(_database.query)).get("host", ""),
    "PORT": str(_database.port or ""),
    "TEST": {"NAME": os.environ.get("CONNECTED_ACCOUNTS_TEST_NAME", "test_connected_accounts")},
}
if _database.scheme == "postgresql":
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", **_server}}
elif _database.scheme == "mariadb":
    import pymysql

    # Django asks for mysqlclient's version; PyMySQL speaks the same interface and needs no compiler.
    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "mysql",
            # Else PyMySQL reads all certificates of this machine for each connection.
            "OPTIONS": {"charset": "utf8mb4", "ssl_disabled": True},
            **_server,
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(MEDIA_ROOT, "tests.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF",
            },
            # A file: threads that share a database in memory lock one another out without waiting.
            "TEST": {"NAME": os.path.join(MEDIA_ROOT, "test.sqlite3")},
        }
    }

CONNECTED_ACCOUNTS_ENCRYPTION_KEYS = ["YSB0ZXN0IGtleSBvZiBleGFjdGx5IDMyIGJ5dGVzISE="]
CONNECTED_ACCOUNTS_SANDBOX = "in-process"
CONNECTED_ACCOUNTS_BASE_URL = "http://testserver"
CONNECTED_ACCOUNTS_ALARM_SECONDS = 0  # tests leave things due; those about the alarm set it
