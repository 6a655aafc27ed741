"""What every provider must hold to; see the four laws in `django_connected_accounts.providers.base`."""

# ruff: noqa: S101

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from requests.adapters import BaseAdapter

from django_connected_accounts.exceptions import ConnectedAccountsError, OutcomeUnknown, ProviderError
from django_connected_accounts.providers.base import Deletes, Provider, Publishes
from django_connected_accounts.providers.http import Http, Response
from django_connected_accounts.providers.types import Connection, Draft, Limit, Option, Problem

from .driving import MAX_STEPS, drive
from .remotes import Remote, sample_draft
from .trouble import TROUBLES, TroubledAdapter


class ProviderContract:
    """Subclass it with a provider and a fake platform; pytest does the rest.

    ``drafts`` are what is published, one of each kind unless you give others.
    """

    provider_class: ClassVar[type[Provider]]
    remote_class: ClassVar[type[Remote]]
    first_comment: ClassVar[str] = ""
    can_always_tell: ClassVar[bool] = True
    """False where the platform can't always tell whether a call took effect, so that a person must look."""

    def drafts(self) -> list[Draft]:
        """Return the drafts to try, one of each kind."""
        kinds = getattr(self.provider_class, "kinds", ())
        return [replace(sample_draft(kind), first_comment=self._comment(kind)) for kind in kinds]

    def provider(
        self, remote: Remote, *, adapter: BaseAdapter | None = None, http_class: type[Http] = Http
    ) -> Any:
        """Return the provider, talking to this platform."""
        provider_class = self.provider_class
        http = http_class(
            provider_class.hosts,
            provider=provider_class.id,
            adapter=adapter or remote.adapter,
            clock=remote.now,
        )
        return provider_class(remote.app, http)

    # What it says of itself

    def test_it_describes_itself(self) -> None:
        provider_class = self.provider_class
        assert provider_class.id.isidentifier()
        assert provider_class.name
        assert provider_class.hosts
        assert provider_class.scopes
        if issubclass(provider_class, Publishes):
            assert provider_class.kinds
            assert all(isinstance(limit, Limit) for limit in provider_class.limits.values())
            assert all(isinstance(option, Option) for option in provider_class.options.values())

    def test_it_never_imports_django(self) -> None:
        code = f"import {self.provider_class.__module__}, sys; sys.exit('django' in sys.modules)"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # noqa: S603

    def test_problems_are_pure_and_coded(self) -> None:
        for draft in self._publishable():
            remote = self.remote_class()
            network = TroubledAdapter(remote.adapter)
            provider = self.provider(remote, adapter=network)
            assert not [p for p in provider.problems(draft) if p.severity == "error"]
            bare = provider.problems(Draft(kind=draft.kind))
            assert bare == provider.problems(Draft(kind=draft.kind))
            assert all(isinstance(problem, Problem) and problem.code.isidentifier() for problem in bare)
            assert network.calls == 0

    # Law 1: no state, no sleep

    def test_it_keeps_nothing_of_an_account(self) -> None:
        for draft in self._publishable():
            remote = self.remote_class()
            provider = self.provider(remote)
            before = dict(vars(provider))
            drive(provider, remote.connect(provider), draft, remote)
            assert vars(provider) == before

    def test_it_never_sleeps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(seconds: float) -> None:
            raise AssertionError(f"slept {seconds} s")

        monkeypatch.setattr(time, "sleep", refuse)
        for draft in self._publishable():
            remote = self.remote_class()
            provider = self.provider(remote)
            drive(provider, remote.connect(provider), draft, remote)

    # Law 2: one step, and what must not be repeated comes last

    def test_it_publishes_each_kind_once(self) -> None:
        for draft in self._publishable():
            remote = self.remote_class()
            provider = self.provider(remote)
            published = drive(provider, remote.connect(provider), draft, remote)
            assert published.remote_id
            assert published.permalink
            assert not published.warning
            assert remote.posts() == 1

    def test_a_step_ends_with_its_only_call_that_must_not_be_repeated(self) -> None:
        for draft in self._publishable():
            remote = self.remote_class()
            provider = self.provider(remote, http_class=_Recording)
            connection = remote.connect(provider)
            provider.http.repeatable.clear()

            def one_at_the_end(step: int, made: list[bool] = provider.http.repeatable) -> bool:
                assert False not in made[:-1]
                made.clear()
                return True

            drive(provider, connection, draft, remote, after_step=one_at_the_end)

    def test_an_outcome_lost_after_any_step_doubles_nothing(self) -> None:
        for draft in self._publishable():
            for lost in range(MAX_STEPS):
                remote = self.remote_class()
                provider = self.provider(remote)
                steps: list[int] = []

                def keep(step: int, steps: list[int] = steps, lost: int = lost) -> bool:
                    steps.append(step)
                    return step != lost

                try:
                    published = drive(provider, remote.connect(provider), draft, remote, after_step=keep)
                except OutcomeUnknown:
                    assert not self.can_always_tell
                else:
                    assert published.remote_id
                assert remote.posts() == 1
                assert remote.comments() <= 1
                if lost not in steps:
                    break

    # Law 3: without an answer it is Unavailable or OutcomeUnknown, and nobody is fooled

    @pytest.mark.parametrize("trouble", TROUBLES)
    def test_any_one_answer_lost_makes_at_most_one_post(self, trouble: str) -> None:
        for draft in self._publishable():
            for call in range(1000):
                remote = self.remote_class()
                connection = remote.connect(self.provider(remote))
                network = TroubledAdapter(remote.adapter, at=call, trouble=trouble)
                provider = self.provider(remote, adapter=network)
                try:
                    published = drive(provider, connection, draft, remote)
                except OutcomeUnknown:
                    assert remote.posts() <= 1
                except ProviderError:
                    assert remote.posts() == 0, f"call {call} of a {draft.kind}: called failed, is live"
                else:
                    assert published.remote_id
                    assert remote.posts() == 1, f"call {call} of a {draft.kind}"
                assert remote.comments() <= 1
                if network.calls <= call:
                    break

    @pytest.mark.parametrize("trouble", TROUBLES)
    def test_trouble_while_connecting_is_a_coded_error(self, trouble: str) -> None:
        for call in range(20):
            remote = self.remote_class()
            network = TroubledAdapter(remote.adapter, at=call, trouble=trouble)
            provider = self.provider(remote, adapter=network)
            with contextlib.suppress(ConnectedAccountsError):  # nothing else may come out
                provider.verify(remote.connect(provider))
            if network.calls <= call:
                break

    def test_each_kind_can_be_deleted(self) -> None:
        for draft in self._deletable():
            remote = self.remote_class()
            provider = self.provider(remote)
            connection = remote.connect(provider)
            published = drive(provider, connection, draft, remote)
            provider.delete(connection, published.remote_id)
            assert remote.posts() == 0, draft.kind

    @pytest.mark.parametrize("trouble", TROUBLES)
    def test_a_post_is_deleted_by_asking_again_whatever_answer_was_lost(self, trouble: str) -> None:
        draft = next(self._deletable())
        for call in range(10):
            remote = self.remote_class()
            provider = self.provider(remote)
            connection = remote.connect(provider)
            published = drive(provider, connection, draft, remote)
            network = TroubledAdapter(remote.adapter, at=call, trouble=trouble)
            with contextlib.suppress(ProviderError):
                self.provider(remote, adapter=network).delete(connection, published.remote_id)
                assert remote.posts() == 0, f"call {call}: called deleted, is live"
            provider.delete(connection, published.remote_id)
            assert remote.posts() == 0
            if network.calls <= call:
                break

    # Law 4: no secret in sight

    def test_no_secret_shows(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        seen: list[str] = []
        for draft in self._publishable():
            for trouble in ("500_after", "400_page_after", "lost_after"):
                for call in range(6):
                    remote = self.remote_class()
                    connection = remote.connect(self.provider(remote))
                    provider = self.provider(
                        remote, adapter=TroubledAdapter(remote.adapter, at=call, trouble=trouble)
                    )
                    try:
                        seen.append(repr(drive(provider, connection, draft, remote)))
                    except ProviderError as error:
                        seen += [str(error), repr(error), repr(vars(error)), repr(error.__context__)]
                    seen += [repr(provider), repr(connection), repr(draft), repr(vars(provider))]
                    seen.append(caplog.text)
                    caplog.clear()
                    for secret in _secrets(remote, connection):
                        assert not any(secret in text for text in seen)
                    seen.clear()

    def _publishable(self) -> Iterator[Draft]:
        if not issubclass(self.provider_class, Publishes):
            pytest.skip("it does not publish")
        yield from self.drafts()

    def _deletable(self) -> Iterator[Draft]:
        if not issubclass(self.provider_class, Deletes):
            pytest.skip("it does not delete")
        yield from self._publishable()

    def _comment(self, kind: str) -> str:
        return "" if kind == "story" else self.first_comment


class _Recording(Http):
    """Remembers of each call whether it was repeatable."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.repeatable: list[bool] = []

    def request(self, method: str, url: str, *, repeatable: bool, **kwargs: Any) -> Response:
        self.repeatable.append(repeatable)
        return super().request(method, url, repeatable=repeatable, **kwargs)


def _secrets(remote: Remote, connection: Connection) -> list[str]:
    tokens = connection.tokens
    found = [remote.app.client_secret, tokens.access_token, tokens.refresh_token, *tokens.extra.values()]
    return [secret for secret in found if secret]
