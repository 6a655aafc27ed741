"""Posts that repeat: begin it, see what is to come, pause, end, change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import ConnectedAccountsError
from django_connected_accounts.forms import RepeatForm
from django_connected_accounts.forms.repeating import said_by
from django_connected_accounts.models import Post, Publication, Series
from django_connected_accounts.services import occurrences, recurring
from django_connected_accounts.services.walltime import When
from django_connected_accounts.templatetags.connected_accounts import State

from .composer import platforms
from .page import SECRETS, Page
from .picking import chosen_accounts

TONES: Mapping[str, str] = {Series.Status.ACTIVE: "good"}
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A time to come, and the post that was made for it, None until it is."""

    when: When
    post: Post | None


class _SeriesPage(Page):
    section = "queue"

    def series(self, pk: UUID) -> Series:
        rows = Series.objects.filter(post__in=access().posts(self.request.user)).select_related("post")
        return get_object_or_404(rows, pk=pk)


class Repeat(_SeriesPage):
    """Have a post go out again and again."""

    template_name = "connected_accounts/repeat.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.shown(self.post_of(pk), RepeatForm())

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        post, form = self.post_of(pk), RepeatForm(request.POST)
        if form.is_valid():
            accounts = chosen_accounts(request, post)
            try:
                series = recurring.repeat(post, accounts=accounts, by=request.user, **form.plan())
            except ConnectedAccountsError as error:
                form.refuse(error)
            else:
                self.done(_("It repeats. What is to come is shown here."))
                return redirect("connected_accounts:series", pk=series.pk)
        return self.shown(post, form, status=400)

    def shown(self, post: Post, form: RepeatForm, status: int = 200) -> HttpResponse:
        accounts = chosen_accounts(self.request, post)
        remarks = recurring.remarks(post, accounts)
        return self.show(post=post, form=form, accounts=accounts, problems=remarks, status=status)


class Overview(_SeriesPage):
    """A series: its rule, what is to come, and what became of the last ones."""

    template_name = "connected_accounts/series.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        series = self.series(pk)
        coming = recurring.upcoming(series, SHOWN) if series.status == Series.Status.ACTIVE else []
        accounts = list(series.post.accounts.defer(*SECRETS))
        made = _made(series)
        by_time = {
            post.occurrence: post for post in made.filter(occurrence__in=[w.wall_time for w in coming])
        }
        others = made.exclude(occurrence__in=by_time).order_by("-occurrence")[:SHOWN]
        return self.show(
            series=series,
            state=state(series),
            words=occurrences.in_words(occurrences.read(series.rule, series.zone)),
            coming=[Occurrence(when, by_time.get(when.wall_time)) for when in coming],
            others=others,
            accounts=accounts,
            changed=recurring.is_changed(series),
            problems=recurring.remarks(series.post, accounts),
            open=series.status != Series.Status.ENDED,
        )


class Change(_SeriesPage):
    """Have what is to come go by another rule."""

    template_name = "connected_accounts/repeat.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        series = self.series(pk)
        late = series.post.late_seconds
        initial = {
            **said_by(occurrences.read(series.rule, series.zone)),
            "at": datetime.fromisoformat(series.starts),
            "zone": series.zone,
            "late_minutes": None if late is None else late // 60,
        }
        return self.show(series=series, post=series.post, form=RepeatForm(initial=initial))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        series, form = self.series(pk), RepeatForm(request.POST)
        if form.is_valid():
            try:
                recurring.revise(series, by=request.user, **form.plan())
            except ConnectedAccountsError as error:
                form.refuse(error)
            else:
                self.done(_("Changed. What is to come goes by this."))
                return redirect("connected_accounts:series", pk=pk)
        return self.show(series=series, post=series.post, form=form, status=400)


VERBS: Mapping[str, tuple[Callable[..., None], Promise]] = {
    "pause": (recurring.pause, _("Paused. Nothing of it goes out until you resume it.")),
    "resume": (recurring.resume, _("It goes on with what is to come.")),
    "end": (recurring.end, _("Ended. Nothing more of it goes out.")),
    "apply": (recurring.revise, _("What is to come goes out as the post is now.")),
}


class Act(_SeriesPage):
    """Do one of `VERBS` with a series."""

    http_method_names = ("post",)
    verb = ""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        series, (run, words) = self.series(pk), VERBS[self.verb]
        try:
            run(series, by=request.user)
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms(list(series.post.accounts.defer(*SECRETS))))
        else:
            self.done(words)
        return redirect("connected_accounts:series", pk=pk)


def state(series: Series) -> State:
    """Return how a series is, in words."""
    return State(series.get_status_display(), TONES.get(series.status, "quiet"))


def repeating(user: Any) -> list[tuple[Series, str, State]]:
    """Return the series of a user that have not ended, with their rule in words and how they are."""
    rows = Series.objects.filter(post__in=access().posts(user)).exclude(status=Series.Status.ENDED)
    rows = rows.select_related("post").order_by("-created_at")[:SHOWN]
    return [(s, occurrences.in_words(occurrences.read(s.rule, s.zone)), state(s)) for s in rows]


def _made(series: Series) -> QuerySet[Post]:
    publications = Publication.objects.select_related("account").defer(
        "checkpoint", *(f"account__{secret}" for secret in SECRETS)
    )
    return series.posts.prefetch_related(Prefetch("publications", publications))
