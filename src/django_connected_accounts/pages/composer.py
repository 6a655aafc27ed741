"""Writing a post: a draft is saved whole, or the page says why not and keeps the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from django_connected_accounts import registry
from django_connected_accounts.access import access
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.forms import MediaForm, PostForm
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia, Publication
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Option
from django_connected_accounts.services import composing, reviewing, scheduling

from .page import SECRETS, Page, uuids

Health = ConnectedAccount.Health
TO_SEND = ("schedule", "publish")
CHOSEN_KINDS = (Post.Kind.STORY, Post.Kind.VIDEO)
"""Kinds that never follow from the media alone; the others go on following it when it changes."""


class Composer(Page):
    """A new post, or one that is not on its way yet. ``do`` says what happens once it is saved."""

    template_name = "connected_accounts/compose.html"

    def get(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        post = self.post_of(pk) if pk else None
        chosen = chosen_accounts(request, post)
        initial = {**(_content(post) if post else {}), "accounts": [account.pk for account in chosen]}
        return self.shown(self.form(initial=initial), self.media_forms(post), post)

    def post(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        post, do = (self.post_of(pk) if pk else None), request.POST.get("do", "save")
        form = self.form(request.POST, request.FILES, timed=do == "schedule")
        media_forms = self.media_forms(post, request.POST, request.FILES)
        if form.is_valid() and do in TO_SEND and not form.cleaned_data["accounts"]:
            form.refuse(InvalidRequest("account_missing", field="accounts"))
        if all([form.is_valid(), *(media_form.is_valid() for media_form in media_forms)]):
            try:
                saved = self.save(form, media_forms, post)
            except ConnectedAccountsError as error:
                form.refuse(error)
            else:
                return self.go_on(do, saved, form)
        return self.shown(form, media_forms, post, status=400)

    def save(self, form: PostForm, media_forms: Sequence[MediaForm], post: Post | None) -> Post:
        accounts = list(form.cleaned_data["accounts"])
        media = [*_kept(media_forms), *_new(form)]
        if post is None:
            return composing.compose(self.request.user, media=media, accounts=accounts, **form.content())
        return composing.edit(post, by=self.request.user, media=media, accounts=accounts, **form.content())

    def go_on(self, do: str, post: Post, form: PostForm) -> HttpResponse:
        """Do what the button said with the saved draft. What is refused is told on its page."""
        accounts = list(form.cleaned_data["accounts"])
        page = "connected_accounts:post-edit" if do == "save" else "connected_accounts:post"
        try:
            if do == "schedule":
                scheduling.schedule(post, accounts, **form.when(), by=self.request.user)
                self.done(_("Scheduled."))
            elif do == "publish":
                page = "connected_accounts:post-confirm"
            else:
                self.done(self.kept_schedule(post) or _("Saved as a draft."))
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms(accounts))
            self.done(_("The draft is saved; nothing was scheduled."))
        return redirect(page, pk=post.pk)

    def kept_schedule(self, post: Post) -> Any:
        """Approve an edited post for where it is scheduled already, unless a platform would refuse it now."""
        accounts = ConnectedAccount.objects.filter(
            publications__post=post, publications__status__in=Publication.OPEN
        )
        waiting = list(accounts.defer(*SECRETS))
        if not waiting:
            return None
        found = composing.problems(post, waiting)
        if any(problem.severity == "error" for problems in found.values() for problem in problems):
            return _("Saved. It is on hold: it can't go out as it is now.")
        reviewing.approve(post, by=self.request.user)
        return _("Saved. It goes out as scheduled.")

    def form(self, *args: Any, **kwargs: Any) -> PostForm:
        return PostForm(*args, accounts=connected(self.request), options=options(), **kwargs)

    def media_forms(self, post: Post | None, *given: Any) -> list[MediaForm]:
        return [MediaForm(*given, media=media) for media in post.media.all()] if post else []

    def shown(
        self, form: PostForm, media_forms: Sequence[MediaForm], post: Post | None, status: int = 200
    ) -> HttpResponse:
        self.section = "posts" if post else "compose"
        return self.show(form=form, media_forms=media_forms, post=post, status=status)


def connected(request: HttpRequest) -> QuerySet[ConnectedAccount]:
    """Return the accounts this user may choose to publish with."""
    accounts = access().accounts(request.user).exclude(health=Health.DISCONNECTED)
    return accounts.defer(*SECRETS)


def chosen_accounts(request: HttpRequest, post: Post | None = None) -> list[ConnectedAccount]:
    """Return the accounts a post is meant for: ``?account=``, else its own, else the only one there is."""
    mine = connected(request)
    if wanted := uuids(request.GET.getlist("account")):
        return list(mine.filter(pk__in=wanted))
    own = Q(posts=post) | Q(publications__post=post)
    if post and (meant := list(mine.filter(own).distinct())):
        return meant
    first_two = list(mine[:2])
    return first_two if len(first_two) == 1 else []


def platforms(accounts: Sequence[ConnectedAccount]) -> str:
    """Return the names of the platforms these accounts are on."""
    return ", ".join(sorted({registry.name(account.platform) for account in accounts}))


def options() -> dict[str, Option]:
    """Return the options of all platforms that are set up, by name."""
    found: dict[str, Option] = {}
    for name in registry.ids():
        try:
            provider = registry.get(name)
        except (ConnectedAccountsError, ImproperlyConfigured):
            continue
        if isinstance(provider, Publishes):
            found = {**provider.options, **found}
    return dict(sorted(found.items()))


def _content(post: Post) -> dict[str, Any]:
    kind = post.kind if post.kind in CHOSEN_KINDS else ""
    content = {"kind": kind, "text": post.text, "first_comment": post.first_comment}
    return {**content, **{f"option_{name}": _initial(value) for name, value in post.options.items()}}


def _initial(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _kept(media_forms: Sequence[MediaForm]) -> list[composing.NewMedia]:
    kept = [form for form in media_forms if not form.cleaned_data["remove"]]
    kept.sort(key=lambda form: form.cleaned_data["position"])
    return [
        composing.again(
            form.media_row,
            alt_text=form.cleaned_data["alt_text"],
            fit=form.cleaned_data.get("fit", ""),
            cover=form.cleaned_data.get("cover"),
        )
        for form in kept
    ]


def _new(form: PostForm) -> list[composing.NewMedia]:
    files, alt_texts = form.cleaned_data["uploads"], form.cleaned_data["alt_texts"].splitlines()
    alt_texts += [""] * (len(files) - len(alt_texts))
    return [
        composing.NewMedia(file=file, alt_text=alt_text.strip())
        for file, alt_text in zip(files, alt_texts, strict=False)
    ]
