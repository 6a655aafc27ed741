"""A post as it will look on each account, and what stands in its way there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from django_connected_accounts import registry
from django_connected_accounts.codes import Meaning, explain
from django_connected_accounts.exceptions import ConnectedAccountsError
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.providers.base import Publishes
from django_connected_accounts.providers.types import Problem
from django_connected_accounts.services import composing

FOLD = 125
"""After about so many characters the apps hide the rest of a caption behind "more"."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in words, with the media it is about."""

    problem: Problem
    meaning: Meaning
    media: PostMedia | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A post on one account: caption up to the fold and after, length as the platform counts, problems."""

    account: ConnectedAccount
    above: str
    below: str
    length: int
    longest: int | None
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        return any(finding.problem.severity == "error" for finding in self.findings)

    def says_as(self, other: Preview) -> bool:
        """Whether the same is to be said of another account on the same platform."""
        return self.account.platform == other.account.platform and self.findings == other.findings


def previews(post: Post, accounts: Iterable[ConnectedAccount]) -> list[Preview]:
    """Return how a post will look on each of these accounts."""
    accounts = list(accounts)
    found = composing.problems(post, accounts)
    media = list(post.media.all())
    above, below = _folded(post.text)
    shown = []
    for account in accounts:
        length, longest = _length(account.platform, post.text)
        findings = [_finding(problem, media, account.platform) for problem in found[account.pk]]
        findings.sort(key=lambda finding: finding.problem.severity != "error")
        shown.append(Preview(account, above, below, length, longest, tuple(findings)))
    return shown


@dataclass(frozen=True, slots=True)
class Check:
    """What several accounts have in common to say about a post."""

    accounts: tuple[ConnectedAccount, ...]
    findings: tuple[Finding, ...]
    refused: bool


def checks(previews: Iterable[Preview]) -> list[Check]:
    """Return the findings of these previews, each told once for all accounts that share them."""
    groups: list[list[Preview]] = []
    for preview in previews:
        alike = (group for group in groups if group[0].says_as(preview))
        if group := next(alike, None):
            group.append(preview)
        else:
            groups.append([preview])
    return [Check(tuple(p.account for p in group), group[0].findings, group[0].refused) for group in groups]


def _finding(problem: Problem, media: Sequence[PostMedia], platform: str) -> Finding:
    top, _, rest = problem.field.partition(".")
    place = rest.partition(".")[0]
    about = media[int(place)] if top == "media" and place.isdigit() and int(place) < len(media) else None
    params = {"platform": registry.name(platform), **problem.params}
    return Finding(problem, explain(problem.code, params), about)


def _folded(text: str) -> tuple[str, str]:
    if len(text) <= FOLD:
        return text, ""
    cut = text.rfind(" ", FOLD // 2, FOLD)
    cut = FOLD if cut < 0 else cut
    return text[:cut], text[cut:].lstrip()


def _length(platform: str, text: str) -> tuple[int, int | None]:
    try:
        provider = registry.get(platform)
    except (ConnectedAccountsError, ImproperlyConfigured):
        return len(text), None
    if not isinstance(provider, Publishes):
        return len(text), None
    limit = provider.limits.get("caption_length") or provider.limits.get("text_length")
    return provider.length(text), int(limit.value) if limit else None
