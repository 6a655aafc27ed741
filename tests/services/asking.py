"""A process that asks for one account's token in eight threads at once, each time it is told to.

It is told ``account``, ``sandbox`` and further settings, and answers with each thread's token, or the code of
its error. Forked from a process that has only loaded this module, it is ready at once.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

THREADS = 8
PATIENCE = 120
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


class Asker:
    """A process that asks, and this end of the line to it."""

    def __init__(self, database: str) -> None:
        self.line, theirs = FORKS.Pipe()
        self.process = FORKS.Process(target=listen, args=(theirs, database), daemon=True)
        self.process.start()
        theirs.close()

    def tell(self, **what: Any) -> None:
        self.line.send(what)

    def hear(self) -> Any:
        if not self.line.poll(PATIENCE):
            raise TimeoutError(f"process {self.process.pid} has not answered for {PATIENCE} s")
        return self.line.recv()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.line.close()


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


def listen(line: Connection[Any, Any], database: str) -> None:
    connection.settings_dict["NAME"] = database
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram_login": {"CLASS": f"{__name__}.Rotating"}}
    line.send("ready")
    while told := line.recv():
        account_id = told.pop("account")
        for name, value in told.items():
            setattr(settings, f"CONNECTED_ACCOUNTS_{name.upper()}", value)
        registry.reset()
        answers = at_once(*[lambda: ask(account_id)] * THREADS)  # noqa: B023
        line.send([answer if isinstance(answer, str) else repr(answer) for answer in answers])
