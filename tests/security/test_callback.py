"""The way back from a platform: what an attacker may send there (RFC 9700, sections in brackets)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from django_connected_accounts import registry
from django_connected_accounts.exceptions import ConnectionFailed, InvalidRequest
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt, Event
from django_connected_accounts.providers.types import Profile
from django_connected_accounts.sandbox import World
from django_connected_accounts.services import attempts, connecting
from tests.strict_platform import Strict
from tests.visitor import CALLBACK, EXCHANGES, Visitor, at_once, calls

Status = ConnectionAttempt.Status
pytestmark = pytest.mark.django_db


def refused(visitor: Visitor, params: Any, platform: str = "instagram_login") -> str:
    with pytest.raises(ConnectionFailed) as caught:
        visitor.returns(params, platform)
    return caught.value.code


def rows() -> str:
    """Return all that is stored."""
    return repr(
        [
            list(model.objects.order_by("pk").values())
            for model in (ConnectedAccount, ConnectionAttempt, Event)
        ]
    )


def state_of(begun: connecting.Begun) -> str:
    return parse_qs(urlsplit(begun.authorization_url).query)["state"][0]


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"state": ""},
        {"state": [""]},
        {"state": []},
        {"state": ["{state}", "{state}"]},
        {"state": "{state}" * 4},
        {"state": "a\x00b"},
        {"state": ["{state}\n"]},
    ],
    ids=["none", "empty", "list of empty", "empty list", "twice", "too long", "NUL", "newline"],
)
def test_a_callback_without_one_plain_state_is_refused_before_the_database_is_asked(
    visitor: Visitor, world: World, state: Mapping[str, Any], django_assert_num_queries: Any
) -> None:
    """[4.7]"""
    begun = visitor.begins()
    sent = {
        key: [v.replace("{state}", state_of(begun)) for v in value]
        if isinstance(value, list)
        else value.replace("{state}", state_of(begun))
        for key, value in state.items()
    }

    with django_assert_num_queries(0):
        assert refused(visitor, {"code": "c", **sent}) == "state_missing"
    assert not world.calls


def test_a_state_is_refused_in_another_browser_of_the_same_user(visitor: Visitor, world: World) -> None:
    """[4.7]"""
    params = visitor.consents(visitor.begins())
    before, visitor.browser = rows(), "another browser"

    assert refused(visitor, params) == "other_browser"
    assert rows() == before
    assert calls(world, EXCHANGES) == 0

    visitor.browser = ""
    assert refused(visitor, params) == "other_browser"


def test_a_state_is_refused_when_the_session_belongs_to_another_user_by_now(
    visitor: Visitor, stranger: Visitor, world: World
) -> None:
    """[4.7]"""
    params = visitor.consents(visitor.begins())
    before, stranger.browser = rows(), visitor.browser

    assert refused(stranger, params) == "other_user"
    assert rows() == before
    assert calls(world, EXCHANGES) == 0

    assert visitor.returns(params).status == Status.CONNECTED


def test_nobody_begins_unless_signed_in_and_nobody_returns_signed_out(visitor: Visitor, world: World) -> None:
    user, params = visitor.user, visitor.consents(visitor.begins())
    before, visitor.user = rows(), AnonymousUser()

    with pytest.raises(InvalidRequest, match="not_permitted"):
        visitor.begins()
    assert refused(visitor, params) == "not_permitted"
    assert rows() == before

    user.is_active, visitor.user = False, user
    with pytest.raises(InvalidRequest, match="not_permitted"):
        visitor.begins()
    assert refused(visitor, params) == "not_permitted"
    assert rows() == before


def test_a_browser_without_a_secret_of_its_own_begins_nothing(visitor: Visitor) -> None:
    visitor.browser = ""

    with pytest.raises(ValueError, match="secret"):
        visitor.begins()


def test_a_callback_sent_twice_exchanges_its_code_once(visitor: Visitor, world: World) -> None:
    params = visitor.consents(visitor.begins())
    visitor.returns(params)

    assert refused(visitor, params) == "attempt_replayed"
    assert calls(world, EXCHANGES) == 1
    assert ConnectedAccount.objects.count() == 1


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_callback_sent_twice_at_once_exchanges_its_code_once(
    visitor: Visitor, strict: type[Strict]
) -> None:
    for trial in range(60):
        params = {"code": [f"code-{trial}"], "state": [state_of(visitor.begins("strict"))]}

        ended = at_once(*[lambda params=params: visitor.returns(params, "strict")] * 2)

        assert sorted(getattr(end, "code", None) or type(end).__name__ for end in ended) == [
            "ConnectionAttempt",
            "attempt_replayed",
        ], ended
    assert [exchange["code"] for exchange in strict.exchanged] == [f"code-{trial}" for trial in range(60)]
    assert ConnectedAccount.objects.count() == 1


def test_a_state_past_its_time_is_refused_and_its_row_wiped_and_purged(
    visitor: Visitor, strict: type[Strict]
) -> None:
    begun = visitor.begins("strict")
    past = timezone.now() - timedelta(seconds=1)
    ConnectionAttempt.objects.update(expires_at=past)

    params = {"code": ["c"], "state": [state_of(begun)]}
    assert refused(visitor, params, "strict") == "attempt_expired"
    assert refused(visitor, params, "strict") == "attempt_replayed"
    assert not strict.exchanged
    row = ConnectionAttempt.objects.get()
    assert (row.status, row.code, row.verifier) == (Status.FAILED, "attempt_expired", "")

    ConnectionAttempt.objects.update(ended_at=past - timedelta(days=30))
    attempts.purge()
    assert not ConnectionAttempt.objects.exists()


def test_a_state_of_one_platform_is_refused_on_the_callback_of_another(
    visitor: Visitor, strict: type[Strict], world: World
) -> None:
    """Mix-up [4.4]."""
    params = visitor.consents(visitor.begins("instagram_login"))
    before = rows()

    assert refused(visitor, params, "strict") == "other_platform"
    assert not strict.exchanged
    assert calls(world, EXCHANGES) == 0
    assert rows() == before


@pytest.mark.parametrize("iss", ["https://evil.example", "", ["https://strict.example"] * 2])
def test_an_issuer_that_is_not_the_platform_is_refused(
    visitor: Visitor, strict: type[Strict], iss: Any
) -> None:
    """RFC 9207, [4.4]"""
    state = state_of(visitor.begins("strict"))

    assert refused(visitor, {"code": "c", "state": state, "iss": iss}, "strict") == "issuer_mismatch"
    assert not strict.exchanged

    state = state_of(visitor.begins("strict"))
    good = {"code": "c", "state": state, "iss": "https://strict.example"}
    assert visitor.returns(good, "strict").status == Status.CONNECTED


def test_a_code_of_somebody_elses_round_trip_fails_for_want_of_its_verifier(
    visitor: Visitor, stranger: Visitor, strict: type[Strict]
) -> None:
    """Code injection [4.5, 4.8]."""
    victims = visitor.begins("strict")
    strict.verifiers["stolen"] = victims.attempt.verifier
    begun = stranger.begins("strict")

    assert refused(stranger, {"code": "stolen", "state": state_of(begun)}, "strict") == "code_refused"
    assert not ConnectedAccount.objects.exists()
    assert strict.exchanged[0]["verifier"] == begun.attempt.verifier


def test_a_verifier_is_sent_with_every_code_that_had_a_challenge_and_is_new_each_time(
    visitor: Visitor, strict: type[Strict]
) -> None:
    """[4.8]"""
    for _ in range(3):
        begun = visitor.begins("strict")
        assert "code_challenge=" in begun.authorization_url
        visitor.returns({"code": "c", "state": state_of(begun)}, "strict")

    verifiers = [exchange["verifier"] for exchange in strict.exchanged]
    assert len(set(verifiers)) == 3
    assert all(43 <= len(verifier) <= 128 for verifier in verifiers)


def test_the_address_to_return_to_is_the_same_to_the_letter_at_both_ends(
    visitor: Visitor, world: World
) -> None:
    """[4.1]"""
    address = CALLBACK.format(platform="instagram_login") + "?a=%2F&b="
    begun = visitor.begins(redirect_uri=address)
    assert parse_qs(urlsplit(begun.authorization_url).query)["redirect_uri"] == [address]

    visitor.returns(visitor.consents(begun))

    exchange = next(call for call in world.calls if (call["host"], call["path"]) == EXCHANGES)
    assert exchange["params"]["redirect_uri"] == address


def test_the_address_to_return_to_is_https_in_production(visitor: Visitor, settings: Any) -> None:
    settings.CONNECTED_ACCOUNTS_SANDBOX = ""
    settings.CONNECTED_ACCOUNTS_PROVIDERS = {"instagram": {"CLIENT_ID": "1", "CLIENT_SECRET": "2"}}

    with pytest.raises(InvalidRequest, match="redirect_uri_insecure"):
        visitor.begins("instagram")
    assert visitor.begins("instagram", redirect_uri="https://example.com/callback")


def test_scopes_are_what_the_platform_says_never_what_the_callback_says(visitor: Visitor) -> None:
    publish = "instagram_business_content_publish"
    params = visitor.consents(visitor.begins(), decline={publish})

    attempt = visitor.returns({**params, "granted_scopes": [publish], "scope": [publish]})

    account = ConnectedAccount.objects.get(pk=attempt.connected[0])
    assert publish not in account.granted_scopes
    assert account.permissions["publish"] is False


def test_a_token_made_for_another_app_is_refused(visitor: Visitor, world: World) -> None:
    facebook = "graph.facebook.com"
    world.fault(
        action="status",
        host=facebook,
        path="/debug_token",
        status=200,
        body={"data": {"app_id": "somebody-elses-app", "is_valid": True, "type": "USER"}},
    )

    params = visitor.consents(visitor.begins("instagram"), "two_businesses")

    assert refused(visitor, params, "instagram") == "token_of_another_app"
    assert not ConnectedAccount.objects.exists()


def test_an_account_is_known_by_its_permanent_id_never_by_its_handle(
    visitor: Visitor, strict: type[Strict]
) -> None:
    def connects() -> ConnectedAccount:
        params = {"code": "c", "state": state_of(visitor.begins("strict"))}
        return ConnectedAccount.objects.get(pk=visitor.returns(params, "strict").connected[0])

    first = connects()
    strict.profile = Profile(account_id="77", username="renamed")
    renamed = connects()
    strict.profile = Profile(account_id="78", username="renamed")
    impostor = connects()

    assert renamed.pk == first.pk
    assert renamed.username == "renamed"
    assert impostor.pk != first.pk


@pytest.mark.databases
@pytest.mark.parametrize(("one", "other"), [("abc", "ABC"), ("77", "77 "), ("a", "ä"), ("é", "e\u0301")])
def test_account_ids_are_the_same_only_to_the_letter(
    visitor: Visitor, strict: type[Strict], one: str, other: str
) -> None:
    for account_id in (one, other):
        strict.profile = Profile(account_id=account_id, username="same")
        visitor.returns({"code": "c", "state": state_of(visitor.begins("strict"))}, "strict")

    assert set(ConnectedAccount.objects.values_list("account_id", flat=True)) == {one, other}


@pytest.mark.parametrize("policy", ["per_owner", "exclusive"])
def test_connecting_somebody_elses_account_leaves_the_first_owners_row_as_it_was(
    visitor: Visitor, stranger: Visitor, settings: Any, policy: str
) -> None:
    settings.CONNECTED_ACCOUNTS_OWNERSHIP = policy
    first = visitor.connects()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM connected_accounts")
        before = cursor.fetchall()

    params = stranger.consents(stranger.begins())
    if policy == "exclusive":
        assert refused(stranger, params) == "owned_by_other"
    else:
        assert stranger.returns(params).connected != [str(first.pk)]

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM connected_accounts")
        assert before[0] in cursor.fetchall()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("policy", ["per_owner", "exclusive"])
def test_two_owners_racing_for_one_account_end_in_a_row_per_allowed_owner_and_a_coded_refusal(
    visitor: Visitor, stranger: Visitor, strict: type[Strict], settings: Any, policy: str
) -> None:
    settings.CONNECTED_ACCOUNTS_OWNERSHIP = policy
    registry.get("strict")
    for trial in range(12):
        strict.profile = Profile(account_id=f"raced-{trial}", username="raced")
        trips = [
            (who, {"code": "c", "state": state_of(who.begins("strict"))})
            for who in (visitor, stranger, visitor, stranger)
        ]

        ended = at_once(
            *[lambda who=who, params=params: who.returns(params, "strict") for who, params in trips]
        )

        owners = list(
            ConnectedAccount.objects.filter(account_id=f"raced-{trial}").values_list(
                "user__username", flat=True
            )
        )
        codes = {end.code for end in ended if isinstance(end, ConnectionFailed)}
        assert all(isinstance(end, (ConnectionAttempt, ConnectionFailed)) for end in ended), ended
        if policy == "per_owner":
            assert sorted(owners) == ["ada", "mallory"]
            assert not codes
        else:
            assert len(owners) == 1
            assert codes == {"owned_by_other"}
