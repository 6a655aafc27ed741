"""A process that asks for one account's token in eight threads at once, each time its input says so.

``python -m tests.services.asking DATABASE`` reads a line of JSON for each time, ``account``, ``sandbox`` and
further settings, and answers with a line: each thread's token, or the code of its error.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import OperationalError, connection  # noqa: E402

from django_connected_accounts import registry  # noqa: E402
from django_connected_accounts.exceptions import ConnectedAccountsError  # noqa: E402
from django_connected_accounts.models import ConnectedAccount  # noqa: E402
from django_connected_accounts.providers.instagram import InstagramLogin  # noqa: E402
from django_connected_accounts.providers.types import Renewal, Tokens  # noqa: E402
from django_connected_accounts.services import tokens  # noqa: E402
from tests.visitor import at_once  # noqa: E402

THREADS = 8


class Rotating(InstagramLogin):
    """Instagram as if its token were a refresh token: it gets a younger one when access has ended, once."""

    renewal = Renewal()

    def refresh(self, tokens: Tokens) -> Tokens:
        younger = super().refresh(replace(tokens, access_token=tokens.refresh_token))
        return replace(younger, refresh_token=younger.access_token)


def ask(account_id: str) -> str:
    """Return a token that the platform took, or the code of what was in the way."""
    _connect()
    account = ConnectedAccount.objects.get(pk=account_id)
    try:
        handed = tokens.fresh(account).tokens
        registry.get(account.platform).profiles(handed)
    except ConnectedAccountsError as error:
        return error.code
    return handed.access_token


def _connect() -> None:
    """Wait for room on the database's server, which others use as well."""
    for _ in range(100):
        try:
            return connection.ensure_connection()
        except OperationalError:
            time.sleep(0.1)
    connection.ensure_connection()


def main(database: str) -> None:
    connection.settings_dict["NAME"] = database
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"CLASS": f"{__name__}.Rotating"}}
    say("ready")
    for line in sys.stdin:
        told = json.loads(line)
        account_id = told.pop("account")
        for name, value in told.items():
            setattr(settings, f"CONNECTED_ACCOUNTS_{name.upper()}", value)
        registry.reset()
        answers = at_once(*[lambda: ask(account_id)] * THREADS)  # noqa: B023
        say([answer if isinstance(answer, str) else repr(answer) for answer in answers])


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
