"""Writing a post: a draft is saved whole, or the page says why not and keeps the input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.forms import DifferingForm, MediaForm, PostForm
from django_connected_accounts.forms.options import option_value
from django_connected_accounts.models import ConnectedAccount, Post, Publication
from django_connected_accounts.services import composing, options, reviewing, scheduling

from .page import SECRETS, Page, uuids
from .picking import Picker, chosen_accounts, connected, picker
from .preview import measures

TO_SEND = ("schedule", "publish")
CHOSEN_KINDS = (Post.Kind.STORY, Post.Kind.VIDEO)
"""Kinds that never follow from the media alone; the others go on following it when it changes."""
FEW = 6
"""Up to so many accounts, what differs can be said for each before it is chosen."""
ASKED = 8
"""How many accounts' platforms are asked, while the page loads, what can be chosen there."""


class Composer(Page):
    """A new post, or one that is not on its way yet. ``do`` says what happens once it is saved."""

    template_name = "connected_accounts/compose.html"

    def get(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        post = self.post_of(pk) if pk else None
        if post and not composing.is_editable(post):
            return redirect("connected_accounts:post-differ", pk=pk)
        picked = self.picker(account.pk for account in chosen_accounts(request, post))
        form = self.form(
            picked, initial={**(_content(post) if post else {}), "accounts": list(picked.chosen)}
        )
        return self.shown(post, picked, form, self.media_forms(post), self.differing(post, picked))

    def post(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        post, do = (self.post_of(pk) if pk else None), self.wanted()
        given = (request.POST, request.FILES)
        picked = self.picker(uuids(request.POST.getlist("accounts")))
        form = self.form(picked, *given, timed=do == "schedule")
        media, differing = self.media_forms(post, *given), self.differing(post, picked, *given)
        if do == "find":
            return self.shown(post, picked, form, media, differing)
        if form.is_valid() and do in TO_SEND and not form.cleaned_data["accounts"]:
            form.refuse(InvalidRequest("account_missing", field="accounts"))
        valid = [one.is_valid() for one in (form, *media, *(own for own in differing if own.is_bound))]
        if all(valid):
            try:
                saved = self.save(form, media, said(differing, picked.chosen), post)
            except ConnectedAccountsError as error:
                refuse(error, form, differing)
            else:
                return self.go_on(do, saved, form)
        return self.shown(post, picked, form, media, differing, status=400)

    def wanted(self) -> str:
        """Return what the button said; Enter in the search field searches."""
        given = self.request.POST
        do = given.get("do", "save").partition(":")[0]
        if do == "enter":
            return "find" if given.get("find", "") != given.get("found", "") else "check"
        return do

    def picker(self, chosen: Iterable[UUID]) -> Picker:
        given = self.request.POST
        page = given.get("do", "").partition("find:")[2]
        return picker(
            connected(self.request), chosen, given.get("find", ""), int(page) if page.isdecimal() else 1
        )

    def save(
        self, form: PostForm, media_forms: Sequence[MediaForm], own: dict[str, Any], post: Post | None
    ) -> Post:
        given = {
            **form.content(),
            "accounts": list(form.cleaned_data["accounts"]),
            "media": [*_kept(media_forms), *_new(form)],
            "overrides": own,
        }
        if post is None:
            return composing.compose(self.request.user, **given)
        elsewhere = {name: value for name, value in post.options.items() if name not in form.options}
        given["options"] = {**elsewhere, **given["options"]}
        return composing.edit(post, by=self.request.user, **given)

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
                self.done(kept_schedule(self.request, post) or _("Saved as a draft."))
        except ConnectedAccountsError as error:
            self.refused(error, platform=platforms(accounts))
            self.done(_("The draft is saved; nothing was scheduled."))
        return redirect(page, pk=post.pk)

    def form(self, picked: Picker, *args: Any, **kwargs: Any) -> PostForm:
        accounts = connected(self.request)
        on = set(accounts.order_by().values_list("platform", flat=True).distinct())
        groups = options.shared(platform for platform in registry.ids() if platform in on)
        return PostForm(*args, accounts=accounts, options=groups, **kwargs)

    def media_forms(self, post: Post | None, *given: Any) -> list[MediaForm]:
        return [MediaForm(*given, media=media) for media in post.shared_media] if post else []

    def differing(self, post: Post | None, picked: Picker, *given: Any) -> list[DifferingForm]:
        few = len(picked.accounts) <= FEW and not picked.is_part
        accounts = [a for a in picked.accounts if few or a.pk in picked.chosen]
        return differing_forms(post, accounts, picked.chosen, *given)

    def shown(
        self,
        post: Post | None,
        picked: Picker,
        form: PostForm,
        media_forms: Sequence[MediaForm],
        differing: Sequence[DifferingForm],
        status: int = 200,
    ) -> HttpResponse:
        self.section = "posts" if post else "compose"
        texts = {own.account.pk: own["text"].value() or "" for own in differing}
        return self.show(
            form=form,
            picker=picked,
            media_forms=media_forms,
            differing=differing,
            post=post,
            measures=measures(
                [(a.platform, texts.get(a.pk) or form["text"].value() or "") for a in picked.picked]
            ),
            status=status,
        )


def differing_forms(
    post: Post | None, accounts: Iterable[ConnectedAccount], chosen: Iterable[UUID], *given: Any
) -> list[DifferingForm]:
    """Return a form for what differs on each account, filled in where the browser was shown it."""
    chosen, forms, asked = set(chosen), [], 0
    if post:
        prefetch_related_objects([post], "media")
    for account in accounts:
        publishes = options.publishing(account.platform)
        if publishes is None:
            continue
        alone = options.asks_accounts(publishes)
        ask = alone and account.pk in chosen and asked < ASKED
        asked += ask
        choices, obstacle = options.of_account(account, ask=ask)
        was_shown = given and f"account-{account.pk}-shown" in given[0]
        form = DifferingForm(
            *(given if was_shown else ()),
            account=account,
            post=post,
            kinds=publishes.kinds,
            options=choices,
            alone=alone,
            obstacle=obstacle,
        )
        forms.append(form)
    return forms


def said(differing: Iterable[DifferingForm], chosen: Iterable[UUID]) -> dict[str, Any]:
    """Return the overrides that these valid forms say, by account; an empty one ends what there was."""
    own = [form for form in differing if form.is_bound]
    return {str(f.account.pk): f.content() for f in own if f.account.pk in chosen or f.content()}


def refuse(error: ConnectedAccountsError, form: PostForm | None, differing: Iterable[DifferingForm]) -> None:
    """Show every reason beside the field it is about, on the form of the account that it is about."""
    problems = error.problems if isinstance(error, InvalidRequest) else ()
    rest = list(problems)
    for own in differing:
        where = f"overrides.{own.account.pk}"
        mine = [problem for problem in problems if problem.field.startswith(where)]
        if mine or (isinstance(error, InvalidRequest) and error.field.startswith(where)):
            own.refuse_for_account(error, mine, where)
            rest = [problem for problem in rest if problem not in mine]
            if not rest:
                return
    if form is not None:
        form.refuse(InvalidRequest(problems=rest) if rest else error)


def kept_schedule(request: HttpRequest, post: Post) -> Any:
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
    reviewing.approve(post, by=request.user)
    return _("Saved. It goes out as scheduled.")


def platforms(accounts: Sequence[ConnectedAccount]) -> str:
    """Return the names of the platforms these accounts are on."""
    return ", ".join(sorted({registry.name(account.platform) for account in accounts}))


def _content(post: Post) -> dict[str, Any]:
    kind = post.kind if post.kind in CHOSEN_KINDS else ""
    content = {"kind": kind, "text": post.text, "first_comment": post.first_comment}
    return {**content, **{f"option_{name}": option_value(value) for name, value in post.options.items()}}


def _kept(media_forms: Sequence[MediaForm]) -> list[composing.NewMedia]:
    kept = [form for form in media_forms if not form.cleaned_data["remove"]]
    kept.sort(key=lambda form: form.cleaned_data["position"])
    return [
        composing.again(
            form.media_row,
            alt_text=form.cleaned_data["alt_text"],
            user_tags=form.cleaned_data["user_tags"],
            fit=form.cleaned_data.get("fit", ""),
            cover=form.cleaned_data.get("cover"),
        )
        for form in kept
    ]


def _new(form: PostForm) -> list[composing.NewMedia]:
    cleaned = form.cleaned_data
    alt_texts = [line.strip() for line in cleaned["alt_texts"].split("\n")]
    new = [{"file": file} for file in cleaned["uploads"]] + [{"url": link} for link in cleaned["links"]]
    alt_texts += [""] * (len(new) - len(alt_texts))
    return [composing.NewMedia(**media, alt_text=text) for media, text in zip(new, alt_texts, strict=False)]
