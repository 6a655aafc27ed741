"""What every page has in common: a signed-in user, that user's objects, safe headers, errors in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import add_never_cache_headers
from django.views.generic.base import ContextMixin, TemplateResponseMixin, View

from django_connected_accounts.access import access
from django_connected_accounts.codes import Meaning, explain
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt, Post, Publication

SECRETS = ("access_token", "refresh_token", "extra_tokens")
"""Never read for showing: an account whose tokens can't be opened is shown like any other."""


class Page(LoginRequiredMixin, TemplateResponseMixin, ContextMixin, View):
    """A page for signed-in users, never cached, never framed."""

    section = ""
    referrer_policy = "same-origin"
    """Not stricter where there are forms: without a referrer browsers send ``Origin: null``; CSRF fails."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        # Services call platforms, and open the transactions they need: none may be held over HTTP.
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        response.headers["Referrer-Policy"] = self.referrer_policy
        response.headers["X-Frame-Options"] = "DENY"
        response.headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
        return response

    def show(self, *, status: int = 200, **context: Any) -> HttpResponse:
        """Return the page with this in its context."""
        return self.render_to_response(self.get_context_data(section=self.section, **context), status=status)

    def account(self, pk: UUID) -> ConnectedAccount:
        return get_object_or_404(access().accounts(self.request.user), pk=pk)

    def attempt(self, pk: UUID) -> ConnectionAttempt:
        attempts = access().attempts(self.request.user).select_related("account")
        return get_object_or_404(attempts, pk=pk)

    def post_of(self, pk: UUID) -> Post:
        return get_object_or_404(access().posts(self.request.user), pk=pk)

    def publication(self, pk: UUID) -> Publication:
        rows = Publication.objects.select_related("account", "post")
        return get_object_or_404(rows, pk=pk, post__in=access().posts(self.request.user))

    def done(self, words: Any) -> None:
        """Say on the next page that something worked."""
        messages.success(self.request, str(words), fail_silently=True)

    def refused(self, error: ConnectedAccountsError, **params: Any) -> None:
        """Say on the next page why something did not work, and what to do."""
        for found, code in meanings(error, params):
            messages.error(self.request, f"{found.cause} {found.action} ({code})", fail_silently=True)


def meanings(error: ConnectedAccountsError, params: Mapping[str, Any]) -> list[tuple[Meaning, str]]:
    """Return every reason this error holds, with its code; ``params`` are those it may not have itself."""
    problems = error.problems if isinstance(error, InvalidRequest) else ()
    reasons = [(problem.code, problem.params) for problem in problems] or [(error.code, error.params)]
    return [(explain(code, {**params, **own}), code) for code, own in reasons]


def uuids(values: Iterable[str]) -> list[UUID]:
    """Return the ids among these values, those that are none left out."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
