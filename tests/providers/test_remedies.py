"""What goes wrong on each platform ends in the right remedy, with the right words.

Each row is brought about on the sandbox as the platform shows it: by what a person does there, by a switch of
the simulated platform, or by its own answer put in the way of one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from requests.adapters import BaseAdapter

from django_connected_accounts.codes import explain
from django_connected_accounts.exceptions import (
    ActionNeeded,
    ContentRejected,
    NotAuthorized,
    OperatorNeeded,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    RateLimited,
    Unavailable,
)
from django_connected_accounts.providers.base import Provider
from django_connected_accounts.providers.facebook import Facebook
from django_connected_accounts.providers.http import Http
from django_connected_accounts.providers.instagram import Instagram, InstagramLogin
from django_connected_accounts.providers.linkedin import LinkedIn
from django_connected_accounts.providers.threads import Threads
from django_connected_accounts.providers.tiktok import TikTok
from django_connected_accounts.providers.twitter import Twitter
from django_connected_accounts.providers.types import Connection, Draft, Media, Pending
from django_connected_accounts.sandbox import consent, samples
from django_connected_accounts.testing import SandboxRemote, sample_draft
from tests.providers.tiktok.test_contract import CHOSEN

HERE = "http://localhost/callback/"
KINDS = {"instagram": "photo", "instagram_login": "photo", "tiktok": "video"}
"""What is posted there where a row does not say; on the others a text."""

CHOICES: Mapping[str, Mapping[str, Any]] = {"tiktok": CHOSEN}
"""Options without which nothing is posted there."""

PEOPLE = {"instagram": "two_businesses", "facebook": "two_businesses"}
APPS: Mapping[str, Mapping[str, Any]] = {"tiktok": {"AUDITED": True}}
PROVIDERS: Mapping[str, type[Provider]] = {
    provider.id: provider
    for provider in (Instagram, InstagramLogin, Facebook, Threads, LinkedIn, Twitter, TikTok)
}
WHO: Mapping[type[ProviderError], str] = {
    NotAuthorized: "owner",
    PermissionMissing: "owner",
    ActionNeeded: "owner",
    OperatorNeeded: "operator",
    ContentRejected: "author",
    RateLimited: "nobody",
    Unavailable: "nobody",
    OutcomeUnknown: "author",
}


class Account(SandboxRemote):
    """One account on a platform, to publish from; ``withheld`` are scopes its owner did not grant."""

    def __init__(self, platform: str, *, withheld: Iterable[str] = (), **options: Any) -> None:
        self.platform, self.person = platform, PEOPLE.get(platform, "shop")  # type: ignore[misc]
        super().__init__()
        self.world.toggles.video_polls = 1
        self.app = replace(self.app, options={**APPS.get(platform, {}), **options})
        self.provider = self.reached_by(self.adapter)
        self.connection = self._connected(frozenset(withheld))

    @property
    def toggle(self) -> dict[str, Any]:
        return self.world.platforms[self.platform].toggle

    def reached_by(self, adapter: BaseAdapter) -> Any:
        """Return the provider, its calls going through this adapter."""
        hosts = PROVIDERS[self.platform].hosts
        http = Http(hosts, provider=self.platform, adapter=adapter, clock=self.now)
        return PROVIDERS[self.platform](self.app, http)

    def refusal(self, draft: Draft) -> ProviderError:
        """Publish step by step, and return what ends it."""
        checkpoint = None
        for _ in range(60):
            try:
                outcome = self.provider.publish(self.connection, draft, checkpoint)
            except ProviderError as error:
                return error
            assert isinstance(outcome, Pending), "it was published"
            checkpoint = outcome.checkpoint
            self.advance(outcome.retry_after)
        raise AssertionError("it never ended")

    def _connected(self, withheld: frozenset[str]) -> Connection:
        scopes = [s for s in self.provider.scopes_for(("connect", "publish")) if s not in withheld]
        asked = {"redirect_uri": HERE, "state": "s", "verifier": "v" * 64, "scopes": scopes}
        back = consent.visit(self.world, self.provider.authorization_url(**asked), self.person)
        code = parse_qs(urlsplit(back).query)["code"][0]
        tokens = self.provider.exchange(code, redirect_uri=HERE, verifier="v" * 64)
        profile = self.provider.profiles(tokens)[0]
        return Connection(
            account_id=profile.account_id,
            username=profile.username,
            tokens=profile.tokens or tokens,
            details=profile.details,
        )


Happens = Callable[[Account], Any]


def nothing(account: Account) -> None:
    """Nothing happens there: how the account was connected, or what is posted, is enough."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What happens to an account, or is so with its app, and what publishing ends in."""

    happens: Happens = nothing
    withheld: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    draft: Draft | None = None
    remedy: type[ProviderError] = ProviderError
    code: str = ""
    who: str = ""


@dataclass(frozen=True)
class Absent:
    """Why a platform has no such situation."""

    reason: str


def ends(remedy: type[ProviderError], code: str, **platforms: Row | Absent) -> dict[str, Row | Absent]:
    """Return rows that end so, but for codes of their own. Both logins of Instagram are alike."""
    if "instagram" in platforms:
        platforms.setdefault("instagram_login", platforms["instagram"])
    found: dict[str, Row | Absent] = {}
    for name, row in platforms.items():
        if isinstance(row, Row):
            row = replace(row, remedy=remedy, code=row.code or code)
        found[name] = row
    return found


def answers(path: str, *, action: str = "status", **answer: Any) -> Happens:
    """From now on what is sent to this path is answered so."""
    return lambda account: account.world.fault(action=action, path=path, method="POST", times=0, **answer)


def switched(**switches: Any) -> Happens:
    """The simulated platform is switched so."""
    return lambda account: account.toggle.update(switches)


def access_is_taken_away(account: Account) -> None:
    account.world.revoke(account.person)


def asked_too_often(account: Account) -> None:
    for _ in range(20):
        account.provider.options_for(account.connection)


def down(account: Account) -> None:
    account.world.fault(action="status", status=503, body="<html>Down</html>", times=0)


def picture(image_format: str) -> Draft:
    """Return a photo that is not the JPEG it is said to be."""
    body = samples.jpeg(60, 60, image_format=image_format)
    media = Media(kind="image", mime="image/jpeg", size=len(body), open=lambda: BytesIO(body))
    return Draft(kind="photo", media=(media,))


REVOKED = Row(happens=access_is_taken_away)
SPENT = {"X-Business-Use-Case-Usage": '{"1": [{"type": "pages", "call_count": 100}]}'}
AUTOMATED = {
    "title": "Forbidden",
    "type": "about:blank",
    "status": 403,
    "detail": "This request looks like it might be automated.",
}
DOWN = {"status": 503, "body": "<html>Down</html>"}
SERVED = Absent("an ended version is served as the oldest alive, so that nothing fails")
ONE_VERSION = Absent("there is one version, and no end of it was announced")

TABLE: Mapping[str, Mapping[str, Row | Absent]] = {
    "a wrong scope": ends(
        PermissionMissing,
        "permission_missing",
        instagram=Row(withheld=["instagram_content_publish"]),
        instagram_login=Row(withheld=["instagram_business_content_publish"]),
        facebook=Row(withheld=["pages_manage_posts"]),
        threads=Row(withheld=["threads_content_publish"]),
        linkedin=Row(withheld=["w_member_social"]),
        twitter=Row(withheld=["tweet.write"]),
        tiktok=Row(withheld=["video.publish"]),
    ),
    "a revoked token": ends(
        NotAuthorized,
        "access_revoked",
        instagram=REVOKED,
        facebook=REVOKED,
        threads=REVOKED,
        linkedin=REVOKED,
        # These two do not say why they refuse a token.
        twitter=replace(REVOKED, code="token_refused"),
        tiktok=replace(REVOKED, code="token_refused"),
    ),
    "an expired version": ends(
        OperatorNeeded,
        "api_version_ended",
        instagram=SERVED,
        facebook=SERVED,
        threads=ONE_VERSION,
        linkedin=Row(options={"API_VERSION": "202511"}),
        twitter=ONE_VERSION,
        tiktok=ONE_VERSION,
    ),
    "an over-long text": ends(
        ContentRejected,
        "text_too_long",
        **{
            platform: Row(draft=replace(sample_draft(KINDS.get(platform, "text")), text="x" * 70_000))  # type: ignore[arg-type]
            for platform in PROVIDERS
        },
    ),
    "a text that only the platform finds too long": ends(
        ContentRejected,
        "request_refused",
        instagram=Row(happens=answers("/media$", code=36004, subcode=2207010), code="caption_refused"),
        facebook=Row(happens=answers("/feed$", code=100)),
        threads=Row(happens=answers("/threads$", code=100)),
        linkedin=Row(
            happens=answers("/posts$", status=400, body={"code": "FIELD_LENGTH_TOO_LONG"}),
            code="caption_refused",
        ),
        twitter=Row(
            draft=Draft(kind="text", text="a" * 300, options={"long_post": True}), code="text_too_long"
        ),
        tiktok=Row(
            happens=answers("/init/$", status=400, body={"data": {}, "error": {"code": "invalid_params"}})
        ),
    ),
    "refused media": ends(
        ContentRejected,
        "media_processing_failed",
        instagram=Row(
            kind="reel",
            happens=answers("/media$", action="container_error", subcode=2207026),
            code="media_format",
        ),
        facebook=Row(draft=picture("WEBP"), code="picture_refused"),
        threads=Row(kind="video", happens=answers("/threads$", action="container_error")),
        linkedin=Row(kind="video", happens=switched(fails_processing=True)),
        twitter=Row(kind="video", happens=switched(processing_fails=True)),
        tiktok=Row(happens=switched(fail_reason="file_format_check_failed"), code="media_format"),
    ),
    "a rate limit": ends(
        RateLimited,
        "account_rate_limited",
        instagram=Row(happens=answers("/media$", code=80002, headers=SPENT)),
        facebook=Row(happens=answers("/feed$", code=80001, headers=SPENT)),
        threads=Row(happens=answers("/threads$", code=17)),
        linkedin=Row(happens=answers("/posts$", status=429, body={"code": "TOO_MANY_REQUESTS"})),
        twitter=Row(happens=switched(posts_per_window=0)),
        tiktok=Row(happens=asked_too_often),
    ),
    "a spam block": ends(
        RateLimited,
        "activity_restricted",
        instagram=Row(happens=answers("/media_publish$", code=4, subcode=2207051), who="owner"),
        facebook=Row(happens=answers("/feed$", code=368, subcode=1390008), who="owner"),
        threads=Row(happens=answers("/threads_publish$", code=4, subcode=2207051), who="owner"),
        linkedin=Absent("none is documented: what is too much is a rate limit, or a duplicate"),
        twitter=Row(happens=answers("/tweets$", status=403, body=AUTOMATED), who="owner"),
        tiktok=Row(happens=switched(refusal="spam_risk_too_many_posts"), code="publishing_quota_reached"),
    ),
    "a restricted account": ends(
        ActionNeeded,
        "account_restricted",
        instagram=Row(happens=answers("/media_publish$", code=25, subcode=2207050)),
        facebook=Row(happens=answers("/feed$", code=368)),
        threads=Row(happens=answers("/threads$", code=1, subcode=4279013)),
        linkedin=Absent("how LinkedIn would tell is documented nowhere"),
        twitter=Row(happens=switched(suspended=True)),
        tiktok=Row(happens=switched(refusal="spam_risk_user_banned_from_posting")),
    ),
    "an outage": ends(
        Unavailable,
        "platform_unavailable",
        instagram=Row(happens=down),
        facebook=Row(happens=down, kind="photo"),
        threads=Row(happens=down),
        linkedin=Row(happens=down, kind="photo"),
        twitter=Row(happens=down, kind="photo"),
        tiktok=Row(happens=down),
    ),
    "an outage at the call that makes it public": ends(
        OutcomeUnknown,
        "outcome_unknown",
        instagram=Row(happens=answers("/media_publish$", **DOWN)),
        facebook=Row(happens=answers("/feed$", **DOWN)),
        threads=Row(happens=answers("/threads_publish$", **DOWN)),
        linkedin=Row(happens=answers("/posts$", **DOWN)),
        twitter=Row(happens=answers("/tweets$", **DOWN)),
        tiktok=Row(kind="photo", happens=answers("/content/init/$", **DOWN)),
    ),
}


def cells(kind: type[Row] | type[Absent]) -> list[Any]:
    """Return the rows of a kind, or what is absent, each with its platform."""
    return [
        pytest.param(platform, cell, id=f"{situation} on {platform}")
        for situation, platforms in TABLE.items()
        for platform, cell in platforms.items()
        if isinstance(cell, kind)
    ]


def test_every_platform_is_in_every_row() -> None:
    assert all(set(platforms) == set(PROVIDERS) for platforms in TABLE.values())


@pytest.mark.parametrize(("platform", "row"), cells(Row))
def test_what_goes_wrong_ends_in_its_remedy_with_its_words(platform: str, row: Row) -> None:
    account = Account(platform, withheld=row.withheld, **row.options)
    row.happens(account)
    kind: Any = row.kind or KINDS.get(platform, "text")
    draft = row.draft or sample_draft(kind)
    error = account.refusal(replace(draft, options={**CHOICES.get(platform, {}), **draft.options}))
    assert (type(error), error.code) == (row.remedy, row.code), error
    said = explain(error.code, {"platform": account.provider.name, **error.params})
    assert said.who == (row.who or WHO[row.remedy])
    assert said.cause
    assert said.action
    assert "…" not in f"{said.cause} {said.action}", "a place of the words was not filled"
    assert not account.world.posts()


@pytest.mark.parametrize(("platform", "absent"), cells(Absent))
def test_what_is_absent_is_so_for_its_reason(platform: str, absent: Absent) -> None:
    provider = PROVIDERS[platform]
    if absent is ONE_VERSION:
        assert list(provider.api_versions.values()) == [None]
    elif absent is SERVED:
        ended = next(iter(provider.api_versions))
        account = Account(platform, API_VERSION=ended)
        account.provider.publish(account.connection, sample_draft("photo"))
        assert any(call["path"].startswith(f"/{ended}/") for call in account.world.calls)
    else:
        assert absent.reason
