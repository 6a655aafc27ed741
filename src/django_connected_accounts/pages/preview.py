"""A post as it will look on each account, and what stands in its way there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django_connected_accounts import registry
from django_connected_accounts.codes import Meaning, explain
from django_connected_accounts.forms import worded
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.providers.types import Problem
from django_connected_accounts.services import composing, overriding
from django_connected_accounts.services.drafting import kind_on
from django_connected_accounts.services.media import Stored, sent
from django_connected_accounts.services.options import publishing


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in words, with the media it is about."""

    problem: Problem
    meaning: Meaning
    media: PostMedia | None


@dataclass(frozen=True, slots=True)
class Item:
    """A media of a post, and what is sent of it here."""

    media: PostMedia
    sent: Stored


@dataclass(frozen=True, slots=True)
class Preview:
    """A post on one account: text up to the platform's fold and after, its measure, problems."""

    account: ConnectedAccount
    above: str
    below: str
    first_comment: str
    media: tuple[Item, ...]
    measure: Measure
    findings: tuple[Finding, ...]
    differs: bool
    """Whether anything is said for this account alone."""

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
    return [_preview(post, account, found[account.pk]) for account in accounts]


def _preview(post: Post, account: ConnectedAccount, problems: Iterable[Problem]) -> Preview:
    merged = overriding.merged(post, account)
    kind = kind_on(merged.kind, publishing(account.platform))
    above, below = _folded(merged.text, account.platform)
    findings = [_finding(problem, merged.media, account.platform) for problem in problems]
    findings.sort(key=lambda finding: finding.problem.severity != "error")
    return Preview(
        account=account,
        above=above,
        below=below,
        first_comment=merged.first_comment,
        media=tuple(Item(row, sent(row, account.platform, kind)) for row in merged.media),
        measure=measured(account.platform, merged.text),
        findings=tuple(findings),
        differs=str(account.pk) in post.overrides,
    )


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
    params = {"platform": registry.name(platform), **worded(problem.params)}
    return Finding(problem, explain(problem.code, params), about)


@dataclass(frozen=True, slots=True)
class Measure:
    """How long a text is as its platform counts, and how long it may be; None where that is not known."""

    platform: str
    """What people call it: two ways of signing in to one platform count alike."""

    length: int
    longest: int | None

    @property
    def over(self) -> bool:
        return self.longest is not None and self.length > self.longest


def measures(texts: Iterable[tuple[str, str]]) -> list[Measure]:
    """Return the measures of these texts on these platforms, each once."""
    return list(dict.fromkeys(measured(platform, text) for platform, text in texts))


def measured(platform: str, text: str) -> Measure:
    """Return the measure of a text on a platform."""
    provider, name = publishing(platform), registry.name(platform)
    if provider is None:
        return Measure(name, len(text), None)
    limit = provider.limits.get("text_length")
    return Measure(name, provider.length(text), int(limit.value) if limit else None)


def _folded(text: str, platform: str) -> tuple[str, str]:
    provider = publishing(platform)
    limit = provider.limits.get("text_fold") if provider else None
    fold = int(limit.value) if limit else len(text)
    if len(text) <= fold:
        return text, ""
    cut = text.rfind(" ", fold // 2, fold)
    cut = fold if cut < 0 else cut
    return text[:cut], text[cut:].lstrip()
