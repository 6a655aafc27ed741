"""Deciding about a post: publish it, repair it, and what to do with each publication."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.forms import Form, LinkForm, TimeForm
from django_connected_accounts.models import ConnectedAccount, Post
from django_connected_accounts.services import (
    composing,
    deleting,
    delivery,
    health,
    measuring,
    overriding,
    remarks,
    scheduling,
)

from .composer import platforms
from .page import Page, meanings, uuids
from .picking import chosen_accounts, connected
from .posts import PostPage
from .preview import checks, previews


class Confirm(Page):
    """Who will publish what, before it happens at once."""

    template_name = "connected_accounts/confirm.html"
    section = "posts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        accounts = chosen_accounts(request, post)
        shown, found = previews(post, accounts), remarks.before(post, accounts)
        ready = bool(shown) and all(not p.refused and p.account.is_active for p in shown)
        obstacles = [check for check in checks(shown) if check.findings]
        return self.show(
            post=post,
            media=post.shared_media,
            previews=shown,
            checks=obstacles,
            ready=ready,
            remarked=[(account, told) for account in accounts if (told := found[account.pk])],
        )


class Publish(PostPage):
    """Send a post now, or ``at`` a time, from the accounts named."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        form = TimeForm(request.POST) if "at" in request.POST else None
        if form is not None and not form.is_valid():
            return self.shown(request, pk, form=form, status=400)
        wanted = request.POST.getlist("account")
        accounts = list(connected(request).filter(pk__in=uuids(wanted)))
        if form is not None and request.POST.get("do") == "look":
            return HttpResponseRedirect(_page_of(post, accounts, request.POST))
        when = form.when() if form else {}
        try:
            if len(accounts) != len(set(wanted)):
                raise InvalidRequest("account_not_found", field="accounts")
            scheduling.schedule(post, accounts, by=request.user, **when)
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms(accounts))
            return HttpResponseRedirect(_page_of(post, accounts))
        self.done(_("Scheduled.") if form else _("On its way. This page follows it."))
        return redirect("connected_accounts:post", pk=post.pk)


class Fix(Page):
    """Convert, crop or pad one picture of a draft; the original is kept."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        accounts = list(connected(request).filter(pk__in=uuids(request.POST.getlist("account"))))
        wanted, fit = request.POST.get("media", ""), request.POST.get("fit", "")
        rows = {str(row.pk): row for row in post.media.all()}
        if wanted not in rows:
            raise Http404
        fixed = {wanted: composing.again(rows[wanted], fit=fit)}
        media = [fixed.get(str(row.pk), composing.again(row)) for row in post.shared_media]
        own = {
            account: overriding.given(post, account, fixed)
            for account, said in post.overrides.items()
            if wanted in said.get("media", ()) and not rows[wanted].shared
        }
        meant = {account.pk: account for account in (*post.accounts.all(), *accounts)}
        try:
            composing.edit(post, by=request.user, media=media, accounts=meant.values(), overrides=own)
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms(accounts))
        else:
            self.done(_("Changed. The original is kept."))
        return HttpResponseRedirect(_page_of(post, accounts))


class RetryFailed(Page):
    """Try again now what failed of a post, wherever that can be; the rest is told."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        try:
            tried = delivery.retry_failed(post, by=request.user)
        except InvalidRequest as error:
            self.refused(error)
            return redirect("connected_accounts:post", pk=pk)
        again = sum(refusal is None for refusal in tried.values())
        self.done(ngettext("Trying %(n)s again now.", "Trying all %(n)s again now.", again) % {"n": again})
        for publication, refusal in tried.items():
            for found, code in meanings(refusal, {}) if refusal else ():
                words = f"{health.handle(publication.account)}: {found.cause} {found.action} ({code})"
                messages.error(request, words, fail_silently=True)
        return redirect("connected_accounts:post", pk=pk)


@dataclass(frozen=True, slots=True)
class Verb:
    """Something to decide about a publication, the form it needs, and what to say when it is done."""

    run: Callable[..., Any]
    done: Promise
    form: type[Form] | None = None


VERBS: Mapping[str, Verb] = {
    "cancel": Verb(scheduling.cancel, _("Cancelled. It will not go out.")),
    "reschedule": Verb(scheduling.reschedule, _("Scheduled."), TimeForm),
    "retry": Verb(scheduling.retry, _("Trying again now.")),
    "check": Verb(scheduling.check_again, _("Looking at the platform again.")),
    "live": Verb(scheduling.mark_live, _("Taken as published."), LinkForm),
    "again": Verb(scheduling.post_again, _("Posting it once more.")),
    "delete": Verb(deleting.take_down, _("Deleted there.")),
    "measure": Verb(lambda one, by: measuring.measure_publication(one), _("Its numbers were read.")),
}


class Act(PostPage):
    """Do one of `VERBS` with a publication, then show its post."""

    http_method_names = ("post",)
    verb = ""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        publication, verb = self.publication(pk), VERBS[self.verb]
        form = verb.form(request.POST) if verb.form else None
        if form is not None and not form.is_valid():
            return self.shown(request, publication.post_id, refused={publication.pk: form}, status=400)
        said = form.when() if isinstance(form, TimeForm) else form.cleaned_data if form else {}
        try:
            verb.run(publication, by=request.user, **said)
        except ConnectedAccountsError as error:
            self.refused(error, **health.naming(publication.account))
        else:
            self.done(verb.done)
        return redirect("connected_accounts:post", pk=publication.post_id)


def _page_of(post: Post, accounts: Sequence[ConnectedAccount], time: Mapping[str, Any] | None = None) -> str:
    """Return the page of a post as it looks for these accounts, at a time."""
    url = reverse("connected_accounts:post", kwargs={"pk": post.pk})
    fields = [(name, time[name]) for name in ("at", "zone", "fold", "late_minutes") if time and name in time]
    return f"{url}?{urlencode([*(('account', account.pk) for account in accounts), *fields])}"
