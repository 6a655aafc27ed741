"""What ``connected_accounts_status`` prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_connected_accounts.models import Publication
from django_connected_accounts.sandbox import samples
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication(visitor: Visitor, settings: Any) -> Publication:
    settings.CONNECTED_ACCOUNTS_ALARM_SECONDS = 300
    account = visitor.connects("shop", "instagram_login")
    return account.publish(media=[ContentFile(samples.jpeg(), "a.jpg")])


@pytest.fixture
def said() -> Callable[..., tuple[int, str]]:
    """``said("--json")`` runs the command; returns its exit status and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("connected_accounts_status", *arguments, stdout=out)
        except CommandError as error:
            return error.returncode, out.getvalue()
        return 0, out.getvalue()

    return run


def test_all_is_well(publication: Publication, said: Any) -> None:
    status, text = said()
    assert status == 0
    assert "due          1, the oldest for 0:00:0" in text
    assert text.endswith("OK\n")


def test_one_that_nobody_can_tell_of_is_a_warning(publication: Publication, said: Any) -> None:
    Publication.objects.update(status="unknown", run_at=None)
    status, text = said()
    assert (status, "WARNING (outcomes_unknown)" in text) == (1, True)


def test_a_queue_that_stands_still_is_critical_and_told(
    publication: Publication, said: Any, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.CONNECTED_ACCOUNTS_OPERATORS = ["ops@example.com"]
    Publication.objects.update(run_at=timezone.now() - timedelta(minutes=6))

    status, text = said()
    assert (status, "CRITICAL (queue_still)" in text, "1 stuck" in text) == (2, True, True)
    assert mailoutbox == []

    assert said("--notify")[0] == said("--notify")[0] == 2
    assert [mail.to for mail in mailoutbox] == [["ops@example.com"]]


def test_the_same_as_json(publication: Publication, said: Any) -> None:
    resumes = timezone.now() + timedelta(hours=1)
    Publication.objects.update(status="held", code="rate_limited", run_at=resumes)
    status, text = said("--json")
    found = json.loads(text)
    assert (status, found["level"], found["alarms"], found["due"]) == (0, "ok", {}, 0)
    assert found["held"][0]["code"] == "rate_limited"
    assert found["held"][0]["resumes_at"][:16] == resumes.isoformat()[:16]


def test_a_sample_of_nothing_is_refused(said: Any) -> None:
    assert said("--sample", "0")[0] == 2
