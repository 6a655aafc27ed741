"""E-mails about `notices`: sent after the work, by whoever sweeps, and never at its cost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from email.utils import parseaddr
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation

from django_connected_accounts.models import Event

from . import health, notices
from .notices import Notice

log = logging.getLogger("django_connected_accounts")

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 12 * 60))
"""How long after each failure an e-mail is tried again; after the last it is given up."""

PATIENCE_SECONDS = 10.0
"""How long a sweep waits for the mail server, all in all."""

_stuck: threading.Thread | None = None
"""The sending that a mail server has not let end yet: until it does, this process sends nothing more."""


def send_due(limit: int = 50) -> int:
    """Send the e-mails whose time has come. Return how many were sent."""
    if not settings.CONNECTED_ACCOUNTS_NOTIFY_BY_EMAIL or (_stuck and _stuck.is_alive()):
        return 0
    until, sent = time.monotonic() + PATIENCE_SECONDS, 0
    due = Event.objects.filter(notify_at__lte=timezone.now()).order_by("notify_at")
    waiting = list(due.values_list("pk", "notify_at", "notify_attempts")[:limit])
    if not waiting:
        return 0
    true = {event.pk: event for event in notices.current().filter(pk__in=[pk for pk, *_ in waiting])}
    for pk, at, attempts in waiting:
        if time.monotonic() >= until:
            break
        # Whoever moves the time sends it; should we die over it, it is sent again then.
        again = timezone.now() + WAITS[attempts] if attempts < len(WAITS) else None
        mine = Event.objects.filter(pk=pk, notify_at=at)
        if not mine.update(notify_at=again, notify_attempts=F("notify_attempts") + 1):
            continue
        notice = Notice(true[pk]) if pk in true else None
        if notice is None or _tell(notice, until):
            Event.objects.filter(pk=pk).update(notify_at=None)
            sent += notice is not None
        elif again is None:
            log.error("The e-mail about event %s was given up", pk)
    return sent


def message(notice: Notice) -> EmailMessage | None:
    """Return the e-mail about a notice, in its reader's language; None where nobody has an address."""
    account = notice.event.account
    with translation.override((account and account.language) or settings.LANGUAGE_CODE):
        to = _readers(notice)
        if not to:
            return None
        context = {
            "notice": notice,
            "event": notice.event,
            "account": account,
            "post": notice.event.post,
            "publication": notice.event.publication,
            "code": notice.code,
            "reason": notice.reason,
            "waiting": health.waiting_posts(account) if account and not notice.event.publication else 0,
            "link": _link(notice.event),
        }
        subject = _render(notice.event.notice, "subject.txt", context)
        return EmailMessage(" ".join(subject.split()), _render(notice.event.notice, "txt", context), to=to)


def _render(name: str, ending: str, context: dict[str, Any]) -> str:
    folder = "connected_accounts/email"
    return render_to_string([f"{folder}/{name}.{ending}", f"{folder}/notice.{ending}"], context)


def _readers(notice: Notice) -> list[str]:
    """Return the addresses of those who must act: the author, the owner, the operators."""
    event, who = notice.event, notice.reason.who
    owner = event.account and event.account.user
    author = event.post and event.post.user
    people = [author if who == "author" and author else owner]
    found = [_address(person) for person in people if person and getattr(person, "is_active", True)]
    if who == "operator" or event.account is None:
        found += operators()
    return list(dict.fromkeys(filter(None, found)))


def operators() -> list[str]:
    """Return the addresses of those who run this site."""
    named: Iterable[Any] = settings.CONNECTED_ACCOUNTS_OPERATORS or settings.MANAGERS or settings.ADMINS
    return [entry if isinstance(entry, str) else entry[1] for entry in named]


def _address(user: Any) -> str:
    address = str(getattr(user, user.get_email_field_name(), "") or "")
    return address if parseaddr(address)[1] else ""


def _link(event: Event) -> str:
    """Return where the notice can be acted on, "" where the pages or the address are not set up."""
    try:
        if event.publication:
            path = reverse("connected_accounts:post", args=[event.post_id])
        elif event.account:
            path = reverse("connected_accounts:account", args=[event.account_id])
        else:
            path = reverse("connected_accounts:notices")
    except NoReverseMatch:
        return ""
    base = settings.CONNECTED_ACCOUNTS_BASE_URL
    return urljoin(base, path) if base else ""


def _tell(notice: Notice, until: float) -> bool:
    """Send the e-mail, waiting no longer than ``until``. False: try again later."""
    global _stuck
    try:
        mail = message(notice)
    except Exception:
        log.exception("The e-mail about event %s could not be written", notice.event.pk)
        return False
    if mail is None:
        return True
    sent: list[bool] = []
    _stuck = threading.Thread(target=_send, args=(mail, sent), name="connected-accounts-mail", daemon=True)
    _stuck.start()
    _stuck.join(max(0.0, until - time.monotonic()))
    return bool(sent)


def _send(mail: EmailMessage, sent: list[bool]) -> None:
    try:
        mail.send()
    except Exception:
        log.exception("The mail server did not take an e-mail")
    else:
        sent.append(True)
    finally:
        connections.close_all()
