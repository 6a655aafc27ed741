"""The connected accounts of a user: how each is, what it may do, what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.providers.base import Measures, Provider, Publishes
from django_connected_accounts.services import accounts as verbs
from django_connected_accounts.services import budgets, foresight, health, measuring, scheduling, tokens

from .page import SECRETS, Page

HISTORY = 10
EXTRAS = ("comment", "measure")


@dataclass(frozen=True, slots=True)
class Capability:
    """What an account may do, and the scopes it lacks for it."""

    name: str
    granted: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """An account with what its platform says of it."""

    account: ConnectedAccount
    kinds: tuple[str, ...]
    capabilities: tuple[Capability, ...]
    measures: bool = False
    """Whether the platform gives numbers."""

    @property
    def extras(self) -> list[str]:
        """What it may do beside publishing."""
        return [found.name for found in self.capabilities if found.granted and found.name in EXTRAS]

    @classmethod
    def of(cls, account: ConnectedAccount) -> Card:
        try:
            provider = registry.get(account.platform)
        except (ConnectedAccountsError, ImproperlyConfigured):
            return cls(account, (), ())
        kinds = provider.kinds if isinstance(provider, Publishes) else ()
        return cls(
            account, tuple(kinds), tuple(_capabilities(account, provider)), isinstance(provider, Measures)
        )


def _capabilities(account: ConnectedAccount, provider: Provider) -> list[Capability]:
    found = []
    for name, scopes in provider.scopes.items():
        missing = tuple(scope for scope in scopes if scope not in account.granted_scopes)
        found.append(Capability(name, not missing, missing))
    return found


class Accounts(Page):
    """The list, newest first, in as many queries for one account as for thousands."""

    template_name = "connected_accounts/accounts.html"
    section = "accounts"

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts = _told(access().accounts(request.user))
        page = Paginator(accounts, settings.CONNECTED_ACCOUNTS_PAGE_SIZE).get_page(request.GET.get("page"))
        return self.show(page_obj=page, cards=[Card.of(account) for account in page])


class Account(Page):
    """One account with its history."""

    template_name = "connected_accounts/account.html"
    section = "accounts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        accounts = _told(access().accounts(request.user))
        account = get_object_or_404(accounts, pk=pk)
        told = account.events.filter(publication=None).exclude(verb="notification.received")
        history = list(told.select_related("actor")[:HISTORY])
        traces = (event.data["trace_id"] for event in history if event.data.get("trace_id"))
        return self.show(
            card=Card.of(account),
            account=account,
            history=history,
            trace_id=next(traces, ""),
            numbers=measuring.latest(account),
            may_measure=measuring.can_measure(account),
        )


def _told(accounts: QuerySet[ConnectedAccount]) -> QuerySet[ConnectedAccount]:
    return budgets.annotate(foresight.annotate(health.annotate(accounts))).defer(*SECRETS)


class ConfirmDisconnect(Page):
    """What disconnecting will do, before it is done."""

    template_name = "connected_accounts/disconnect.html"
    section = "accounts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        account = self.account(pk)
        return self.show(account=account, waiting=health.waiting_posts(account))


@dataclass(frozen=True, slots=True)
class Verb:
    """Something to do with an account, and what to say when it is done."""

    run: Callable[..., Any]
    done: Promise


VERBS: Mapping[str, Verb] = {
    "verify": Verb(verbs.verify, _("%(account)s was tested: the connection works.")),
    "refresh": Verb(tokens.refresh, _("Access of %(account)s was renewed.")),
    "pause": Verb(verbs.pause, _("%(account)s is paused. Its posts wait until it is resumed.")),
    "resume": Verb(verbs.resume, _("%(account)s goes on publishing.")),
    "cancel-posts": Verb(scheduling.cancel_all, _("What was to go out on %(account)s is cancelled.")),
    "measure": Verb(
        lambda account, by: measuring.measure_account(account), _("The numbers of %(account)s were read.")
    ),
    "disconnect": Verb(verbs.disconnect, _("%(account)s is disconnected; our access to it is deleted here.")),
}


class Act(Page):
    """Do one of `VERBS` with an account, then show it."""

    http_method_names = ("post",)
    verb = ""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        account, verb = self.account(pk), VERBS[self.verb]
        try:
            verb.run(account, by=request.user)
        except ConnectedAccountsError as error:
            self.refused(error, **health.naming(account))
        except ImproperlyConfigured:
            self.refused(InvalidRequest("not_configured", platform=registry.name(account.platform)))
        else:
            # A test that ends with a refusal is told by the account's own card.
            if self.verb != "verify" or account.is_active or account.health == ConnectedAccount.Health.PAUSED:
                self.done(str(verb.done) % {"account": health.handle(account)})
        return redirect("connected_accounts:account", pk=account.pk)
