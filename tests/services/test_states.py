from __future__ import annotations

import re
from pathlib import Path

import pytest

import django_connected_accounts
from django_connected_accounts.models import Publication
from django_connected_accounts.services.states import LEGAL, IllegalTransition, change

Status = Publication.Status
SERVICES = Path(django_connected_accounts.__file__).parent


@pytest.mark.parametrize("was", Status)
@pytest.mark.parametrize("status", Status)
def test_a_status_follows_another_only_where_the_table_says_so(was: str, status: str) -> None:
    publication = Publication(status=was)
    if status == was or status in LEGAL[was]:
        change(publication, status)
        assert publication.status == status
    else:
        with pytest.raises(IllegalTransition):
            change(publication, status)
        assert publication.status == was


def test_what_is_live_can_only_be_deleted_and_only_a_look_or_a_person_settles_doubt() -> None:
    assert LEGAL[Status.PUBLISHED] == {Status.DELETED}
    assert LEGAL[Status.DELETED] == frozenset()
    assert LEGAL[Status.UNKNOWN] == {Status.SENDING, Status.PUBLISHED, Status.SCHEDULED}
    assert set(LEGAL) == set(Status)


def test_no_other_line_sets_the_status_of_a_publication() -> None:
    setting = re.compile(r"publication\.status\s*=[^=]")
    found = [path.name for path in SERVICES.rglob("*.py") if setting.search(path.read_text())]
    assert found == ["states.py"]
