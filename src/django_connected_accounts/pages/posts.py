"""Posts: the list, what became of each on every account, and what people decide about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.forms import FilterForm, Form, LinkForm, TimeForm
from django_connected_accounts.models import ConnectedAccount, Event, Post, Publication
from django_connected_accounts.services import composing, scheduling

from .composer import address, again, chosen_accounts, connected, platforms
from .page import SECRETS, Page, uuids
from .preview import checks, previews

Status = Publication.Status

NEEDS_SOMEONE = (Status.UNKNOWN, Status.FAILED, Status.MISSED)
UNDER_WAY = (Status.SENDING, Status.WAITING)
REFRESH_SECONDS = 4
SOON = timedelta(minutes=2)


class Posts(Page):
    """The list: what needs someone first, then the newest."""

    template_name = "connected_accounts/posts.html"
    section = "posts"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = FilterForm(request.GET or None, accounts=access().accounts(request.user).defer(*SECRETS))
        posts = access().posts(request.user)
        filtered = form.is_valid() and any(form.cleaned_data.values())
        if filtered:
            posts = _filtered(posts, **form.cleaned_data)
        posts = posts.annotate(needs_someone=_has(status__in=NEEDS_SOMEONE)).order_by(
            "-needs_someone", "-created_at", "-id"
        )
        listed = posts.prefetch_related("media", Prefetch("publications", _publications()))
        page = Paginator(listed, settings.CONNECTED_ACCOUNTS_PAGE_SIZE).get_page(request.GET.get("page"))
        return self.show(page_obj=page, form=form, filtered=filtered)


class PostPage(Page):
    """A post: how it will look and what stands in its way, or what became of it, step by step."""

    template_name = "connected_accounts/post.html"
    section = "posts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.shown(request, pk)

    def shown(
        self,
        request: HttpRequest,
        pk: UUID,
        *,
        form: TimeForm | None = None,
        refused: Mapping[UUID, Form] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        post = self.post_of(pk)
        deliveries = [
            Delivery(publication, (refused or {}).get(publication.pk))
            for publication in _publications().filter(post=post).prefetch_related(_events())
        ]
        chosen = chosen_accounts(request, post)
        sent = {delivery.publication.account_id for delivery in deliveries}
        unsent = [account for account in chosen if account.pk not in sent]
        editable = all(d.publication.status in composing.EDITABLE for d in deliveries)
        shown = previews(post, unsent)
        accounts = [account for account in connected(request) if account.pk not in sent]
        moving = any(delivery.moving for delivery in deliveries)
        live = moving and request.method == "GET" and request.GET.get("live") != "off"
        response = self.show(
            post=post,
            media=list(post.media.all()),
            deliveries=deliveries,
            previews=shown,
            checks=checks(shown),
            unsent=unsent,
            accounts=accounts,
            choosing=len(accounts) > 1 or not shown and (accounts or not deliveries),
            chosen={account.pk for account in chosen},
            editable=editable,
            moving=moving,
            live=live,
            form=form or TimeForm(),
            status=status,
        )
        if live:
            # Unlike a meta element, it works whatever base template the project has.
            response.headers["Refresh"] = str(REFRESH_SECONDS)
        return response


@dataclass(frozen=True, slots=True)
class Delivery:
    """A publication with what a person may do about it now."""

    publication: Publication
    refused: Form | None = None

    @property
    def moving(self) -> bool:
        due = self.publication.status == Status.SCHEDULED and self.publication.due_at < timezone.now() + SOON
        return due or self.publication.status in UNDER_WAY

    @property
    def may(self) -> Mapping[str, bool]:
        """Which verbs apply, by name."""
        status = Status(self.publication.status)
        return {verb: status in statuses for verb, statuses in ALLOWED.items()}

    @property
    def time_form(self) -> TimeForm:
        if isinstance(self.refused, TimeForm):
            return self.refused
        return TimeForm(auto_id=f"at-{self.publication.pk}-%s", initial={"zone": self.publication.zone})

    @property
    def link_form(self) -> LinkForm:
        if isinstance(self.refused, LinkForm):
            return self.refused
        return LinkForm(auto_id=f"link-{self.publication.pk}-%s")


ALLOWED: Mapping[str, tuple[Status, ...]] = {
    "cancel": (Status.SCHEDULED, Status.HELD),
    "reschedule": (Status.SCHEDULED, Status.HELD, Status.FAILED, Status.MISSED, Status.CANCELLED),
    "retry": (Status.HELD, Status.FAILED, Status.MISSED),
    "check": (Status.UNKNOWN,),
    "live": (Status.UNKNOWN,),
    "again": (Status.UNKNOWN,),
}


class Confirm(Page):
    """Who will publish what, before it happens at once."""

    template_name = "connected_accounts/confirm.html"
    section = "posts"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        shown = previews(post, chosen_accounts(request, post))
        ready = bool(shown) and all(not p.refused and p.account.is_active for p in shown)
        obstacles = [check for check in checks(shown) if check.findings]
        return self.show(
            post=post, media=list(post.media.all()), previews=shown, checks=obstacles, ready=ready
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
        when = {"at": form.cleaned_data["at"], "zone": form.cleaned_data["zone"]} if form else {}
        try:
            if len(accounts) != len(set(wanted)):
                raise InvalidRequest("account_not_found", field="accounts")
            scheduling.schedule(post, accounts, by=request.user, **when)
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms(accounts))
            return HttpResponseRedirect(address("connected_accounts:post", post, accounts))
        self.done(_("Scheduled.") if form else _("On its way. This page follows it."))
        return redirect("connected_accounts:post", pk=post.pk)


class Fix(Page):
    """Convert, crop or pad one picture of a draft; the original is kept."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post = self.post_of(pk)
        accounts = list(connected(request).filter(pk__in=uuids(request.POST.getlist("account"))))
        wanted, fit = request.POST.get("media", ""), request.POST.get("fit", "")
        media = list(post.media.all())
        if wanted not in {str(row.pk) for row in media}:
            raise Http404
        fixed = [again(row, fit=fit) if str(row.pk) == wanted else again(row) for row in media]
        try:
            composing.edit(post, by=request.user, media=fixed, accounts=accounts)
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms(accounts))
        else:
            self.done(_("Changed. The original is kept."))
        return HttpResponseRedirect(address("connected_accounts:post", post, accounts))


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
        try:
            verb.run(publication, by=request.user, **(form.cleaned_data if form else {}))
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms([publication.account]))
        else:
            self.done(verb.done)
        return redirect("connected_accounts:post", pk=publication.post_id)


def _filtered(posts: QuerySet[Post], account: ConnectedAccount | None, status: str) -> QuerySet[Post]:
    if status == "draft":
        posts = posts.filter(~_has())
    elif status:
        posts = posts.filter(_has(status=status, **({"account": account} if account else {})))
    return posts.filter(_has(account=account)) if account else posts


def _has(**publication: Any) -> Exists:
    return Exists(Publication.objects.filter(post=OuterRef("pk"), **publication))


def _publications() -> QuerySet[Publication]:
    secrets = ("checkpoint", *(f"account__{secret}" for secret in SECRETS))
    return Publication.objects.select_related("account").defer(*secrets)


def _events() -> Prefetch[Any]:
    return Prefetch("events", Event.objects.select_related("actor").order_by("at", "id"))
