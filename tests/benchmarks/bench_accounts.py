"""The list of accounts at 10 and at 10,000, and the callback: ``python -m tests.benchmarks.bench_accounts``.

Both are asked for in turn, round by round, so that a noisy moment touches both. Medians, and their ratio.
"""

# ruff: noqa: T201
from __future__ import annotations

import os
from statistics import median
from time import perf_counter
from urllib.parse import parse_qsl, urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402

from django_connected_accounts.models import ConnectedAccount  # noqa: E402
from django_connected_accounts.sandbox import consent, in_process  # noqa: E402
from django_connected_accounts.services import connecting  # noqa: E402

FEW, MANY, ROUNDS = 10, 10_000, 41
PATHS = {"page": "/connected-accounts/", "JSON API": "/api/connected-accounts/"}


@override_settings(CONNECTED_ACCOUNTS_PAGE_SIZE=FEW)
def main() -> None:
    connection.settings_dict["NAME"] = ":memory:"
    call_command("migrate", verbosity=0)
    clients = {count: _client(f"user{count}", count) for count in (FEW, MANY)}
    print(f"List of accounts, {ROUNDS} rounds, median milliseconds of a request (first page)\n")
    print(f"{'':10}{FEW:>10,}{MANY:>10,}{'ratio':>9}{'queries':>10}")
    for name, path in PATHS.items():
        times: dict[int, list[float]] = {FEW: [], MANY: []}
        for _ in range(ROUNDS):
            for count, client in clients.items():
                began = perf_counter()
                assert client.get(path).status_code == 200
                times[count].append(perf_counter() - began)
        few, many = median(times[FEW]), median(times[MANY])
        with CaptureQueriesContext(connection) as queries:
            clients[MANY].get(path)
        print(f"{name:10}{few * 1000:10.2f}{many * 1000:10.2f}{many / few:8.2f}x{len(queries):10}")
    print("\n(queries include the session and the user)")
    _callback()


def _client(username: str, count: int) -> Client:
    user = get_user_model().objects.create_user(username)
    ConnectedAccount.objects.bulk_create(
        ConnectedAccount(
            user=user,
            platform="instagram_login",
            account_id=str(17841400000000000 + number),
            username=f"shop.{number}",
            access_token=f"token-{number}",
            granted_scopes=["instagram_business_basic"],
            permissions={"connect": True},
        )
        for number in range(count)
    )
    client = Client()
    client.force_login(user)
    return client


def _callback() -> None:
    world = in_process()
    user = get_user_model().objects.create_user("new")
    begun = connecting.begin(user, "instagram_login", browser="b", redirect_uri="http://testserver/callback")
    back = consent.visit(world, begun.authorization_url, "shop")
    query = dict(parse_qsl(urlsplit(back).query))
    with CaptureQueriesContext(connection) as queries:
        connecting.complete(user, "instagram_login", browser="b", params=query)
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    work = [q for q in queries if not q["sql"].startswith(control)]
    print(f"\nCallback of a first connection: {len(work)} queries besides transaction control and session")


if __name__ == "__main__":
    main()
