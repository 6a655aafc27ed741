"""Words for what the pages show: health, status, codes and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from django_connected_accounts import registry
from django_connected_accounts.codes import CODES, Meaning, explain
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia, Publication
from django_connected_accounts.services import delivery, serving
from django_connected_accounts.services.health import handle, naming

register = template.Library()

Health = ConnectedAccount.Health
Status = Publication.Status

EXPIRES_SOON = timedelta(days=14)
"""From how long before its end on a connection that does not renew itself is called "expiring"."""

HEALTH_TONES: Mapping[str, str] = {
    Health.ACTIVE: "good",
    Health.REFRESH_RETRYING: "warn",
    Health.PAUSED: "quiet",
    Health.DISCONNECTED: "quiet",
}
STATUS_TONES: Mapping[str, str] = {
    Status.SCHEDULED: "quiet",
    Status.SENDING: "busy",
    Status.WAITING: "busy",
    Status.PUBLISHED: "good",
    Status.FAILED: "bad",
    Status.UNKNOWN: "warn",
    Status.MISSED: "bad",
    Status.HELD: "warn",
    Status.HANDED_OVER: "warn",
    Status.CANCELLED: "quiet",
    Status.DELETED: "quiet",
}
CAPABILITIES: Mapping[str, Promise] = {
    "connect": _("Read the profile"),
    "publish": _("Publish posts"),
    "measure": _("Read insights"),
    "comment": _("Write the first comment"),
    "delete": _("Delete posts"),
}

EXTRAS: Mapping[str, Promise] = {"comment": _("First comment"), "measure": _("Insights")}


@dataclass(frozen=True, slots=True)
class State:
    """A state in words, and the tone the page says them in."""

    words: str
    tone: str


@register.simple_tag
def meaning(code: str, params: Mapping[str, Any] | None = None, **more: Any) -> Meaning:
    """Return what a code means: its cause, what to do, and who."""
    return explain(code, {**(params or {}), **more})


@register.simple_tag
def reason(about: ConnectedAccount | Publication, code: str = "") -> Meaning:
    """Return why an account or a publication is as it is, in the words of API, e-mails and admin."""
    if isinstance(about, Publication):
        return explain(code or delivery.code_of(about), naming(about.account))
    return explain(code or about.health_code, naming(about))


@register.filter
def is_code(code: str | None) -> bool:
    """Say whether a code is one of this package's, which people may look up."""
    return code in CODES


@register.filter
def platform_name(platform: str) -> str:
    """Return how people call a platform."""
    return registry.name(platform)


register.filter("handle", handle)


@register.filter
def capability(name: str) -> str:
    """Return a capability in words."""
    return str(CAPABILITIES.get(name, name.replace("_", " ").capitalize()))


@register.filter
def extra_name(name: str) -> str:
    """Return in a word what an account may do beside publishing."""
    return str(EXTRAS.get(name, name))


@register.filter
def kind_name(kind: str) -> str:
    """Return a kind of post in words."""
    return str(dict(Post.Kind.choices).get(kind, kind))


@register.filter
def fit_name(fit: str) -> str:
    """Return in words how a picture is made to fit."""
    return str(dict(PostMedia.Fit.choices).get(fit, fit))


@register.filter
def wording(value: str) -> str:
    """Return a platform's constant ("MEDIA_CREATOR") as people read it."""
    return value.replace("_", " ").lower().capitalize()


@register.filter
def health(account: ConnectedAccount) -> State:
    """Return how an account is, in words."""
    words, tone = account.get_health_display(), HEALTH_TONES.get(account.health, "bad")
    quota: Mapping[str, int] = account.quota
    if account.health == Health.ACTION_NEEDED:
        words = gettext("Action needed on %(platform)s") % {"platform": registry.name(account.platform)}
    elif account.health == Health.ACTIVE:
        left = time_left(account)
        if left is not None and left <= EXPIRES_SOON:
            days = max(left.days, 0)
            words = ngettext("Expires in %(days)s day", "Expires in %(days)s days", days) % {"days": days}
            words, tone = (words if days else gettext("Expires today")), "warn"
        elif getattr(account, "hold_until", None) or 0 < quota.get("total", 0) <= quota.get("used", 0):
            words, tone = gettext("Publishing limited"), "warn"
    return State(str(words), tone)


def time_left(account: ConnectedAccount) -> timedelta | None:
    """Return how long the connection still works by itself; None where it renews itself or has no end."""
    if account.token_expires_at is None or renews_itself(account):
        return None
    return account.token_expires_at - registry.now()


@register.filter
def renews_itself(account: ConnectedAccount) -> bool:
    """Say whether access is renewed before it ends, without anyone acting."""
    end, renewal = account.token_expires_at, account.refresh_at
    return end is None or (renewal is not None and renewal != end)


@register.filter
def status(publication: Publication) -> State:
    """Return where a publication is on its way, in words."""
    words = publication.get_status_display()
    if publication.status == Status.SCHEDULED and publication.due_at <= timezone.now():
        return State(gettext("About to go out"), "busy")
    if publication.status == Status.WAITING:
        name = registry.name(publication.account.platform)
        words = gettext("Processing on %(platform)s") % {"platform": name}
    return State(str(words), STATUS_TONES[Status(publication.status)])


@register.filter
def post_status(post: Post) -> State:
    """Return what became of a post on all its accounts, in a few words. Prefetch its publications."""
    found = delivery.summary(post)
    counted = {"live": found.published, "all": found.total}
    if not found.status:
        return State(post.get_review_display(), "quiet")
    if found.status == delivery.PARTLY_PUBLISHED:
        return State(gettext("Partly published: %(live)s of %(all)s") % counted, "bad")
    publications: Iterable[Publication] = post.publications.all()
    state = status(next(row for row in publications if row.status == found.status))
    moving = found.status in Publication.UNDER_WAY
    if found.total > 1 and (moving or 0 < found.published < found.total):
        words = gettext("%(words)s, %(live)s of %(all)s published") % {"words": state.words, **counted}
        return State(words, state.tone)
    return state


@register.simple_tag
def local_time(moment: datetime | None, zone: str = "", *, seconds: bool = False) -> SafeString:
    """Return a ``<time>`` in the zone named, or the visitor's, which is told; UTC is in its title."""
    if moment is None:
        return SafeString("")
    try:
        tz: tzinfo = ZoneInfo(zone) if zone else timezone.get_current_timezone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        tz = fixed_zone.utc
    utc = moment.astimezone(fixed_zone.utc)
    local = moment.astimezone(tz)
    name = zone or timezone.get_current_timezone_name()
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        # The clocks show this time twice: say which of the two it is.
        name = f"{name}, {local:%Z}"
    exact = f"{date_format(local, 'DATE_FORMAT')}, {local:%H:%M:%S}"
    return format_html(
        '<span class="ca-when"><time datetime="{}" title="{} UTC">{}</time> <small>{}</small></span>',
        utc.isoformat(timespec="seconds"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        exact if seconds else date_format(local, "DATETIME_FORMAT"),
        name,
    )


@register.filter
def media_address(media: PostMedia) -> str:
    """Return where this site shows what is sent of a media, "" while it can't."""
    try:
        return urlsplit(serving.public_url(media)).path
    except ImproperlyConfigured:
        return ""


@register.inclusion_tag("connected_accounts/parts/pill.html")
def pill(state: State) -> dict[str, State]:
    """Show a state as a pill: words, with a mark of its own shape beside them."""
    return {"state": state}


@register.simple_tag
def sandbox_address() -> str:
    """Return where the sandbox can be looked at in a browser, "" when it stands in for nothing."""
    address: str = settings.CONNECTED_ACCOUNTS_SANDBOX
    return address if address.startswith("http") else ""
