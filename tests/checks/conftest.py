from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import checks
from django.core.checks import CheckMessage

Found = dict[str, CheckMessage]


@pytest.fixture
def found() -> Callable[..., Found]:
    """``found()`` is what our checks complain of now, by the ends of their ids."""

    def by_id(*, deploy: bool = False, databases: list[str] | None = None) -> Found:
        messages = checks.run_checks(
            tags=["connected_accounts"], include_deployment_checks=deploy, databases=databases
        )
        heard = [message for message in messages if not message.is_silenced()]
        return {str(message.id).removeprefix("connected_accounts."): message for message in heard}

    return by_id
