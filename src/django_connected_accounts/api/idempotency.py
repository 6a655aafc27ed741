"""A write that carries an ``Idempotency-Key`` happens once, however often it is sent.

The key is claimed first, in a row of its own. What the write changes and its answer are then saved in **one**
transaction, so a process that dies leaves either both or neither; a claim left behind is taken over after
`ABANDONED`, and a runner that only slept that long finds its claim gone and saves nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from django.core.files import File
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models.records import IdempotencyKey
from django_connected_accounts.services import storing

from .envelope import Answer, Handler

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
ABANDONED = timedelta(minutes=5)
KEPT = timedelta(days=1)

Act = Callable[[], Answer]


def idempotent(prepare: Callable[..., Act]) -> Handler:
    """Return a handler that does at most once, per key, what ``prepare`` returns.

    ``prepare`` reads and fetches, and must change nothing; what it returns changes rows and calls nobody.
    """

    @wraps(prepare)
    def handler(request: HttpRequest, **captured: Any) -> Answer:
        key = request.headers.get(HEADER)
        if key is None:
            return prepare(request, **captured)()
        claim, stored = _claim(request, key)
        if stored is not None:
            return stored
        try:
            act = prepare(request, **captured)
            with storing.all_or_nothing():
                answer = act()
                _settle(claim, answer)
        except Exception:
            _mine(claim).delete()
            raise
        return answer

    return handler


def _claim(request: HttpRequest, key: str) -> tuple[IdempotencyKey, Answer | None]:
    if not key or len(key) > 255 or not key.isascii() or not key.isprintable():
        raise InvalidRequest("invalid_idempotency_key")
    fingerprint = _fingerprint(request)
    now = timezone.now()
    mine = IdempotencyKey.objects.filter(user=request.user.pk)
    mine.filter(created_at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            claim = IdempotencyKey(user=cast(Any, request.user), key=key, fingerprint=fingerprint)
            claim.save(force_insert=True)
            return claim, None
    except IntegrityError:
        row = mine.filter(key=key).first()
    if row is None:
        raise InvalidRequest("idempotency_in_progress")
    if row.fingerprint != fingerprint:
        raise InvalidRequest("idempotency_key_reused")
    if row.status:
        return row, Answer(body=row.body, status=row.status, headers={REPLAYED: "true"})
    if row.created_at > now - ABANDONED or not _mine(row).update(created_at=now):
        raise InvalidRequest("idempotency_in_progress")
    row.created_at = now
    return row, None


def _settle(claim: IdempotencyKey, answer: Answer) -> None:
    if not _mine(claim).update(status=answer.status, body=answer.body):
        raise InvalidRequest("idempotency_in_progress")


def _mine(claim: IdempotencyKey) -> Any:
    """Return the claim as long as nobody has taken it over: its time tells."""
    return IdempotencyKey.objects.filter(pk=claim.pk, status=0, created_at=claim.created_at)


def _fingerprint(request: HttpRequest) -> str:
    """Return a digest of what is asked for, the same for every way of writing it down."""
    said: Any
    if request.content_type == "multipart/form-data":
        files = [
            [name, file.name, _digest(file)]
            for name in sorted(request.FILES)
            for file in request.FILES.getlist(name)
        ]
        said = [sorted(request.POST.lists()), files]
    else:
        said = request.body.decode(errors="replace")
    parts = json.dumps([request.method, request.get_full_path(), said])
    return hashlib.sha256(parts.encode()).hexdigest()


def _digest(file: File[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
