"""Posts in JSON: write, list, read, change, preview, publish, schedule, cancel, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from django_connected_accounts.access import access
from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia, Publication
from django_connected_accounts.providers.types import Problem
from django_connected_accounts.services import composing, deleting, delivery, remarks, scheduling, walltime

from . import writing
from .accounts import SECRETS, account_name
from .envelope import Answer, by_field, moment
from .idempotency import Act
from .paging import page
from .publications import WHEN, publication_row, when
from .reading import check, query, read, uuid
from .reading import listing as list_of

DRAFT = "draft"


def listing(request: HttpRequest) -> Answer:
    """Answer the posts this user may see, newest first; ``?status`` and ``?search`` narrow them.

    What repeats is listed as a series; here are the posts that were made of it.
    """
    found = _posts(request).filter(repeats=None)
    status = query(request, "status", [DRAFT, *Publication.Status.values])
    if status == DRAFT:
        found = found.filter(publications=None)
    elif status:
        found = found.filter(pk__in=Publication.objects.filter(status=status).values("post"))
    if search := query(request, "search").strip():
        found = found.filter(text__icontains=search)
    return page(request, found, post_row)


def create(request: HttpRequest) -> Act:
    """Write a post from JSON or a form with files; its links are fetched before anything is saved."""
    content = writing.new_post(request)

    def act() -> Answer:
        with writing.closing(content):
            post = composing.compose(request.user, **content)
        return Answer(body=post_row(own(request, post.pk)), status=201)

    return act


def detail(request: HttpRequest, post_id: UUID) -> Answer:
    """Answer one post."""
    return Answer(body=post_row(own(request, post_id)))


def change(request: HttpRequest, post_id: UUID) -> Answer:
    """Change what has not gone out."""
    post = own(request, post_id)
    content = writing.changes(request)
    with writing.closing(content):
        composing.edit(post, by=request.user, **content)
    return detail(request, post_id)


def delete(request: HttpRequest, post_id: UUID) -> Answer:
    """Delete a draft; what was ever scheduled stays, as a record."""
    deleting.delete(own(request, post_id), by=request.user)
    return Answer(status=204)


def preview(request: HttpRequest, post_id: UUID) -> Answer:
    """Answer what each platform would say: the problems the composer's form shows, by field.

    With a time (``at``, in the body), what should be thought about it is among them.
    """
    post = own(request, post_id)
    if request.method == "POST":
        wanted = read(request, {**ACCOUNTS, **WHEN})
    else:
        wanted = check({"accounts": request.GET.getlist("accounts")}, ACCOUNTS)
    accounts = _accounts_for(request, post, wanted.get("accounts", ()))
    found = composing.problems(post, accounts)
    if "at" in wanted:
        said = when(wanted)
        chosen = walltime.resolve(said["at"], said.get("zone", "UTC"), said.get("fold"))
        remarked = remarks.before(post, accounts, chosen.due_at)
        found = {key: [*found[key], *remarked[key]] for key in found}
    rows = [_preview_row(account, found[account.pk]) for account in accounts]
    return Answer(body={"post": str(post.pk), "ready": all(row["ready"] for row in rows), "accounts": rows})


def publish(request: HttpRequest, post_id: UUID) -> Act:
    """Have the post published now, on the accounts named, or else those it is meant for."""
    post = own(request, post_id)
    accounts = _accounts_for(request, post, read(request, ACCOUNTS).get("accounts", ()))
    return lambda: _scheduled(request, post, accounts)


def schedule(request: HttpRequest, post_id: UUID) -> Act:
    """Have the post published at a time: ``{"at": "2030-05-04T11:30", "zone": "Europe/Vienna"}``."""
    post = own(request, post_id)
    wanted = read(request, {**ACCOUNTS, **WHEN}, required=["at"])
    accounts = _accounts_for(request, post, wanted.get("accounts", ()))
    return lambda: _scheduled(request, post, accounts, **when(wanted))


def cancel(request: HttpRequest, post_id: UUID) -> Act:
    """Don't send what has not gone out, on any account: all of it or nothing."""
    post = own(request, post_id)
    read(request, {})
    return lambda: _cancelled(request, post)


def retry(request: HttpRequest, post_id: UUID) -> Act:
    """Try again now what failed, on every account where that can be."""
    post = own(request, post_id)
    read(request, {})

    def act() -> Answer:
        delivery.retry_failed(post, by=request.user)
        return Answer(body=post_row(own(request, post.pk)), status=202)

    return act


def own(request: HttpRequest, post_id: UUID) -> Post:
    """Return a post this user may act on, or raise InvalidRequest("not_found")."""
    post = _posts(request).filter(pk=post_id).first()
    if post is None:
        raise InvalidRequest("not_found")
    return post


def own_accounts(request: HttpRequest, ids: Sequence[UUID]) -> list[ConnectedAccount]:
    """Return these accounts in this order, or refuse: somebody else's is as unknown as one that never was."""
    found = access().accounts(request.user).defer(*SECRETS).in_bulk(list(ids))
    if missing := [given for given in ids if given not in found]:
        raise InvalidRequest("account_not_found", field="accounts", account=str(missing[0]))
    return [found[given] for given in dict.fromkeys(ids)]


ACCOUNTS = {"accounts": list_of(uuid)}


def post_row(post: Post) -> dict[str, Any]:
    """Return a post as JSON, with its media and what became of it on each account."""
    return {
        "id": str(post.pk),
        "kind": post.kind,
        "text": post.text,
        "first_comment": post.first_comment,
        "options": post.options,
        "accounts": [account_name(account) for account in post.accounts.all()],
        "review": post.review,
        "late_seconds": post.late_seconds,
        "series": None if post.series_id is None else str(post.series_id),
        "overrides": {account: _override_row(post, own) for account, own in post.overrides.items()},
        "media": [media_row(media) for media in post.shared_media],
        "delivery": asdict(delivery.summary(post)),
        "publications": [publication_row(publication) for publication in post.publications.all()],
        "created_at": moment(post.created_at),
        "updated_at": moment(post.updated_at),
    }


def _override_row(post: Post, own: Mapping[str, Any]) -> dict[str, Any]:
    if "media" not in own:
        return dict(own)
    rows = {str(media.pk): media for media in post.media.all()}
    return {**own, "media": [media_row(rows[key]) for key in own["media"] if key in rows]}


def media_row(media: PostMedia) -> dict[str, Any]:
    """Return a picture, film or document as JSON, as read from its bytes."""
    return {
        "id": str(media.pk),
        "kind": media.kind,
        "mime": media.mime,
        "size": media.size,
        "width": media.width,
        "height": media.height,
        "duration": media.duration,
        "codec": media.codec,
        "frame_rate": media.frame_rate,
        "alt_text": media.alt_text,
        "fit": media.fit,
        "user_tags": media.user_tags,
        "original_name": media.original_name,
    }


def _posts(request: HttpRequest) -> QuerySet[Post]:
    deferred = [f"account__{name}" for name in SECRETS]
    publications = Publication.objects.select_related("account").defer("checkpoint", *deferred)
    accounts = ConnectedAccount.objects.defer(*SECRETS)
    posts: QuerySet[Post] = access().posts(request.user)
    return posts.prefetch_related(
        "media", Prefetch("accounts", accounts), Prefetch("publications", publications)
    )


def _accounts_for(request: HttpRequest, post: Post, ids: Sequence[UUID]) -> list[ConnectedAccount]:
    chosen = list(ids) or [account.pk for account in post.accounts.all()]
    if not chosen:
        raise InvalidRequest("account_missing", field="accounts")
    return own_accounts(request, chosen)


def _scheduled(request: HttpRequest, post: Post, accounts: Sequence[ConnectedAccount], **when: Any) -> Answer:
    scheduling.schedule(post, accounts, **when, by=request.user)
    return Answer(body=post_row(own(request, post.pk)), status=202)


def _cancelled(request: HttpRequest, post: Post) -> Answer:
    unsent = [row for row in post.publications.all() if row.status in Publication.OPEN]
    if not unsent:
        raise InvalidRequest("nothing_to_cancel")
    with transaction.atomic():
        for publication in unsent:
            scheduling.cancel(publication, by=request.user)
    return Answer(body=post_row(own(request, post.pk)))


def _preview_row(account: ConnectedAccount, problems: Sequence[Problem]) -> dict[str, Any]:
    ready = all(problem.severity != "error" for problem in problems)
    return {"account": account_name(account), "ready": ready, "fields": by_field(problems)}
