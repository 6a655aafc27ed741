"""Connecting an account: what is needed, off to the platform, back from it, the choice, and how it ended."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from django_connected_accounts import registry
from django_connected_accounts.browser import browser_id, redirect_uri, take_query
from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import ConnectedAccountsError, ConnectionFailed, InvalidRequest
from django_connected_accounts.forms import ChooseForm
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt
from django_connected_accounts.services import connecting, health

from .page import Page

Status = ConnectionAttempt.Status

LOOKING = ("search", "all")
"""What ``do`` is of the buttons that choose nothing yet."""


class Connect(Page):
    """Every platform there is, with what a person needs before starting."""

    template_name = "connected_accounts/connect.html"
    section = "accounts"

    def get(self, request: HttpRequest) -> HttpResponse:
        ids = registry.ids()
        if request.user.is_staff:
            ids = list(dict.fromkeys([*ids, *registry.BUILT_IN]))
        return self.show(platforms=[platform(name) for name in ids])


class ConnectPlatform(Page):
    """What one platform needs (GET), and off to it (POST). ``?ended=<code>`` tells how the last try ended."""

    template_name = "connected_accounts/connect_platform.html"
    section = "accounts"

    def get(self, request: HttpRequest, platform: str) -> HttpResponse:
        ended = request.GET.get("ended", "")
        return self._shown(platform, ended if ended in CODES else "")

    def post(self, request: HttpRequest, platform: str) -> HttpResponse:
        try:
            return _to_platform(request, platform)
        except InvalidRequest as error:
            return self._shown(platform, error.code, status=400)
        except ImproperlyConfigured as error:
            return self._shown(platform, "not_configured", status=503, hint=str(error))

    def _shown(self, name: str, code: str, status: int = 200, hint: str = "") -> HttpResponse:
        found = platform(name)
        if not found["known"]:
            code, status = "unknown_platform", 404
        next_url = connecting.safe_next(self.request.GET.get("next", ""), "")
        return self.show(platform=found, code=code, hint=hint, next_url=next_url, status=status)


class Reconnect(Page):
    """Off to the platform, to connect this very account anew."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        account = self.account(pk)
        try:
            return _to_platform(request, account.platform, account)
        except ConnectedAccountsError as error:
            self.refused(error, **health.naming(account))
        except ImproperlyConfigured:
            self.refused(InvalidRequest("not_configured", platform=registry.name(account.platform)))
        return HttpResponseRedirect(reverse("connected_accounts:account", kwargs={"pk": account.pk}))


class Callback(Page):
    """Back from the platform. Always leads on, so that code and state leave the address bar."""

    http_method_names = ("get",)
    referrer_policy = "no-referrer"

    def handle_no_permission(self) -> HttpResponseRedirect:
        # The login page's address would hold code and state if it were to lead back here.
        return redirect_to_login(reverse("connected_accounts:accounts"))

    def get(self, request: HttpRequest, platform: str) -> HttpResponse:
        try:
            attempt = connecting.complete(
                request.user, platform, browser=browser_id(request), params=take_query(request)
            )
        except (ConnectionFailed, InvalidRequest) as error:
            failed: ConnectionAttempt | None = getattr(error, "attempt", None)
            if failed is None:
                here = reverse("connected_accounts:connect", kwargs={"platform": platform})
                return _see_other(f"{here}?{urlencode({'ended': error.code})}")
            attempt = failed
        if attempt.status == Status.CONNECTED:
            self.done(_connected(len(attempt.connected)))
            return _see_other(_after(attempt))
        return _see_other(reverse("connected_accounts:attempt", kwargs={"pk": attempt.pk}))


class Attempt(Page):
    """The accounts to choose from, or how the round trip ended with the one next step."""

    section = "accounts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        attempt = self.attempt(pk)
        if attempt.status == Status.CONNECTED:
            return _see_other(_after(attempt))
        search = request.GET.get("q", "").replace("\x00", "")
        found = connecting.candidates(attempt, search)
        if attempt.status == Status.CHOOSING and (found or search):
            return self.shown(attempt, ChooseForm(candidates=found), search)
        return self.ended(attempt)

    def shown(
        self, attempt: ConnectionAttempt, form: ChooseForm, search: str = "", status: int = 200
    ) -> HttpResponse:
        self.template_name = "connected_accounts/choose.html"
        return self.show(
            attempt=attempt, form=form, search=search, platform=platform(attempt.platform), status=status
        )

    def ended(self, attempt: ConnectionAttempt) -> HttpResponse:
        self.template_name = "connected_accounts/ended.html"
        code = attempt.code or ("attempt_expired" if attempt.status == Status.CHOOSING else "attempt_open")
        return self.show(attempt=attempt, code=code, platform=platform(attempt.platform))


class Choose(Attempt):
    """Connect the accounts chosen; or list others, with those that are ticked already."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        attempt, do = self.attempt(pk), request.POST.get("do")
        search = "" if do == "all" else request.POST.get("q", "").replace("\x00", "")
        ticked = request.POST.getlist("accounts")
        listed = connecting.candidates(attempt, search, keep=ticked)
        if attempt.status != Status.CHOOSING or not (listed or search):
            return _see_other(reverse("connected_accounts:attempt", kwargs={"pk": attempt.pk}))
        if do in LOOKING:
            return self.shown(attempt, ChooseForm(initial={"accounts": ticked}, candidates=listed), search)
        form = ChooseForm(request.POST, candidates=listed)
        if form.is_valid():
            try:
                connected = connecting.choose(request.user, attempt, form.cleaned_data["accounts"])
            except ConnectedAccountsError as error:
                form.refuse(error)
            else:
                self.done(_connected(len(connected)))
                return _see_other(_after(attempt))
        return self.shown(attempt, form, search, status=400)


def platform(name: str) -> dict[str, Any]:
    """Return what a page says of a platform: what it needs, where it leads, whether it is set up."""
    if name not in registry.ids() and name not in registry.BUILT_IN:
        return {"id": name, "known": False}
    try:
        provider = registry.get(name)
    except (InvalidRequest, ImproperlyConfigured) as error:
        missing = error if isinstance(error, ImproperlyConfigured) else _unset(name)
        return {"id": name, "known": True, "name": registry.name(name), "missing": str(missing)}
    return {
        "id": name,
        "known": True,
        "name": provider.name,
        "requirements": provider.requirements,
        "kinds": getattr(provider, "kinds", ()),
        "host": urlsplit(provider.authorize_url).hostname,
    }


def _unset(platform: str) -> str:
    return gettext("Set CONNECTED_ACCOUNTS_PROVIDERS[%(platform)r]: CLIENT_ID, CLIENT_SECRET.") % {
        "platform": platform
    }


def _to_platform(
    request: HttpRequest, platform: str, account: ConnectedAccount | None = None
) -> HttpResponse:
    begun = connecting.begin(
        request.user,
        platform,
        browser=browser_id(request),
        redirect_uri=redirect_uri(request, "connected_accounts:callback", platform),
        next_url=connecting.safe_next(request.POST.get("next", ""), ""),
        account=account,
    )
    return HttpResponseRedirect(begun.authorization_url)


def _after(attempt: ConnectionAttempt) -> str:
    return connecting.safe_next(attempt.next_url, reverse("connected_accounts:accounts"))


def _connected(count: int) -> str:
    if count == 1:
        return gettext("The account is connected.")
    return ngettext("%(count)s account is connected.", "%(count)s accounts are connected.", count) % {
        "count": count
    }


def _see_other(url: str) -> HttpResponse:
    response = HttpResponse(status=303)
    # Facebook returns with "#_=_", which a browser carries on to any address without a fragment of its own.
    response.headers["Location"] = url if "#" in url else f"{url}#content"
    return response
