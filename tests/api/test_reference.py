"""The examples of docs/reference/api.md run, and its table of addresses is complete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import URLPattern

from django_connected_accounts.api import urls
from django_connected_accounts.models import Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import publishing

from .conftest import Api

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text()


@pytest.mark.django_db(transaction=True)
def test_the_example_publishes_a_photo(
    ada: Api,
    world: World,
    photo: Callable[..., bytes],
    live_server: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = Client()

    def fetch(url: str) -> tuple[int, Mapping[str, str], bytes]:
        answer = site.get(url.removeprefix("http://testserver"))
        return answer.status_code, dict(answer.headers), answer.getvalue()

    world.fetch = fetch
    ada.connect("instagram_login", "shop")
    (tmp_path / "photo.jpg").write_bytes(photo())
    monkeypatch.chdir(tmp_path)

    publish, look = re.findall(r"```python\n(.*?)```", REFERENCE, re.DOTALL)
    signed_in = f'session.cookies["sessionid"] = "{ada.http.cookies["sessionid"].value}"'
    names: dict[str, Any] = {}
    exec(
        publish.replace("http://127.0.0.1:8000", live_server.url).replace("session.get(site)", signed_in),
        names,
    )
    for _ in range(20):
        Publication.objects.exclude(run_at=None).update(run_at=Now())
        publishing.tick(limit=1)
    exec(look, names)
    names["session"].close()
    [live] = world.posts()
    assert capsys.readouterr().out == f"published {live['permalink']}\n"


def test_every_address_is_in_the_table() -> None:
    table = set(re.findall(r"`(/[^`]*)`", REFERENCE.split("\n## ")[0]))
    for pattern in urls.urlpatterns:
        if isinstance(pattern, URLPattern) and pattern.name != "nothing":
            address = "/" + re.sub(r"<\w+:(\w+)>", r"<\1>", str(pattern.pattern))
            address = re.sub(r"<\w+_id>", "<id>", address)
            last = "/" + address.rsplit("/", 1)[1]
            assert address in table or last in table, address
