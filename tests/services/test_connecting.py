from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_connected_accounts.codes import CODES
from django_connected_accounts.exceptions import (
    ConnectionFailed,
    InvalidRequest,
    Unavailable,
    UndecryptableToken,
)
from django_connected_accounts.models import ConnectedAccount, ConnectionAttempt, Event
from django_connected_accounts.sandbox import World, consent
from django_connected_accounts.services import accounts, attempts, connecting
from tests.strict_platform import Strict
from tests.visitor import CALLBACK, EXCHANGES, Visitor, calls

Status, Health = ConnectionAttempt.Status, ConnectedAccount.Health
pytestmark = pytest.mark.django_db

PUBLISH = "instagram_business_content_publish"


def ends(visitor: Visitor, params: Any, platform: str = "instagram_login") -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as caught:
        visitor.returns(params, platform)
    assert caught.value.code in CODES
    return caught.value


# How it goes well


def test_one_usable_account_is_connected_at_once(visitor: Visitor) -> None:
    attempt = visitor.goes("shop")

    account = ConnectedAccount.objects.get()
    assert attempt.status == Status.CONNECTED
    assert attempt.connected == [str(account.pk)]
    assert (account.user, account.platform, account.username) == (
        visitor.user,
        "instagram_login",
        "juniper.shop",
    )
    assert account.health == Health.ACTIVE
    assert account.is_active
    assert account.is_verified
    assert account.permissions == {"connect": True, "publish": True, "comment": True, "measure": False}
    assert account.access_token
    assert account.token_expires_at is not None
    assert account.token_expires_at > timezone.now() + timedelta(days=59)
    assert account.refresh_at is not None
    assert Event.objects.get().verb == "account.connected"


def test_the_secrets_of_an_attempt_are_gone_when_it_ends(visitor: Visitor, strict: type[Strict]) -> None:
    begun = visitor.begins("strict")
    state = parse_qs(urlsplit(begun.authorization_url).query)["state"]
    assert begun.attempt.verifier

    attempt = visitor.returns({"code": ["c"], "state": state}, "strict")
    attempt.refresh_from_db()

    assert (attempt.verifier, attempt.candidates) == ("", {})
    assert state[0] not in str(ConnectionAttempt.objects.values_list().get())


def test_several_accounts_are_offered_and_those_chosen_connected(visitor: Visitor) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    assert attempt.status == Status.CHOOSING
    assert not ConnectedAccount.objects.exists()

    offered = connecting.candidates(attempt)
    assert {found.username for found in offered} == {"bakery.nord", "coffee.nord"}
    assert not any(found.unusable or found.connected for found in offered)
    assert [found.username for found in connecting.candidates(attempt, "COFFEE")] == ["coffee.nord"]

    accounts = connecting.choose(visitor.user, attempt, [found.account_id for found in offered])

    assert {account.username for account in accounts} == {"bakery.nord", "coffee.nord"}
    assert len({account.access_token for account in accounts}) == 2
    assert attempt.status == Status.CONNECTED
    assert attempt.candidates == {}
    assert connecting.candidates(attempt) == []


def test_an_account_connected_already_is_said_to_be_so(visitor: Visitor) -> None:
    first = visitor.goes("two_businesses", "instagram")
    bakery = connecting.candidates(first, "bakery")[0]
    connecting.choose(visitor.user, first, [bakery.account_id])

    again = visitor.goes("two_businesses", "instagram")

    assert {c.username: c.connected for c in connecting.candidates(again)} == {
        "bakery.nord": True,
        "coffee.nord": False,
    }


def test_accounts_that_cannot_be_published_to_are_shown_with_the_reason_and_cannot_be_chosen(
    visitor: Visitor,
) -> None:
    attempt = visitor.goes("many_pages", "instagram")
    offered = connecting.candidates(attempt)
    assert len(offered) == 130
    unusable = next(found for found in offered if found.unusable)

    with pytest.raises(InvalidRequest) as refused:
        connecting.choose(visitor.user, attempt, [offered[0].account_id, unusable.account_id])

    assert refused.value.code == unusable.unusable
    assert not ConnectedAccount.objects.exists()
    attempt.refresh_from_db()
    assert attempt.status == Status.CHOOSING


def test_what_is_not_offered_cannot_be_chosen(visitor: Visitor, stranger: Visitor) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    ids = [found.account_id for found in connecting.candidates(attempt)]

    for user, chosen, code in [
        (visitor.user, [], "nothing_chosen"),
        (visitor.user, ["17841999"], "unknown_choice"),
        (stranger.user, ids, "attempt_not_found"),
    ]:
        with pytest.raises(InvalidRequest) as refused:
            connecting.choose(user, attempt, chosen)
        assert refused.value.code == code
        assert code in CODES
    assert not ConnectedAccount.objects.exists()


def test_a_choice_is_made_once_and_in_time(visitor: Visitor) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    ids = [found.account_id for found in connecting.candidates(attempt)]
    connecting.choose(visitor.user, attempt, ids[:1])
    with pytest.raises(InvalidRequest, match="attempt_replayed"):
        connecting.choose(visitor.user, attempt, ids[1:])

    late = visitor.goes("two_businesses", "instagram")
    ConnectionAttempt.objects.filter(pk=late.pk).update(expires_at=timezone.now())
    with pytest.raises(InvalidRequest, match="attempt_expired"):
        connecting.choose(visitor.user, late, ids)


def test_candidates_that_cannot_be_read_any_more_are_none(visitor: Visitor) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connected_accounts_attempt SET candidates = 'dca1.00000000.AAAA'")

    assert connecting.candidates(ConnectionAttempt.objects.get(pk=attempt.pk)) == []
    with pytest.raises(UndecryptableToken):
        connecting.choose(visitor.user, attempt, ["1"])


def test_who_may_no_longer_connect_chooses_nothing(visitor: Visitor) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    ids = [found.account_id for found in connecting.candidates(attempt)]
    visitor.user.is_active = False

    with pytest.raises(InvalidRequest, match="not_permitted"):
        connecting.choose(visitor.user, attempt, ids)


def test_nothing_is_connected_when_one_of_those_chosen_fails_its_check(
    visitor: Visitor, world: World
) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    ids = [found.account_id for found in connecting.candidates(attempt)]
    world.fault(action="status", path="content_publishing_limit", nth=2, status=400, code=10)

    with pytest.raises(InvalidRequest) as refused:
        connecting.choose(visitor.user, attempt, ids)

    assert refused.value.code == "permission_missing"
    assert not ConnectedAccount.objects.exists()
    attempt.refresh_from_db()
    assert attempt.status == Status.CHOOSING


@pytest.mark.parametrize(
    ("platform", "person"), [("instagram", "two_businesses"), ("instagram_login", "shop")]
)
@pytest.mark.django_db(transaction=True)
def test_the_callback_of_a_first_connection_costs_few_queries(
    visitor: Visitor, client: Client, platform: str, person: str
) -> None:
    client.force_login(visitor.user)
    begun = client.post(reverse("connected_accounts:connect", args=[platform]))
    back = urlsplit(consent.visit(visitor.world, begun.headers["Location"], person))

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"{back.path}?{back.query}")

    free = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK")
    asked = [q["sql"] for q in queries if not q["sql"].startswith(free) and "django_session" not in q["sql"]]
    assert answer.status_code == 303
    assert len(asked) <= 6, "\n".join(asked)


# What is asked for


def test_the_authorization_url_asks_for_what_is_needed_and_holds_no_verifier(
    visitor: Visitor, strict: type[Strict]
) -> None:
    begun = visitor.begins("strict")
    query = parse_qs(urlsplit(begun.authorization_url).query)

    assert query["scope"] == ["read,write"]
    assert query["redirect_uri"] == [CALLBACK.format(platform="strict")]
    assert query["code_challenge_method"] == ["S256"]
    assert begun.attempt.verifier not in begun.authorization_url


def test_no_verifier_is_sent_where_the_platform_has_no_pkce(visitor: Visitor) -> None:
    begun = visitor.begins("instagram")

    assert "code_challenge" not in begun.authorization_url
    assert begun.attempt.verifier == ""


def test_what_was_declined_is_asked_for_again(visitor: Visitor) -> None:
    needed = "pages_show_list"
    assert "auth_type" not in visitor.begins("instagram").authorization_url
    begun = visitor.begins("instagram")
    assert (
        ends(visitor, visitor.consents(begun, "two_businesses", decline={needed}), "instagram").code
        == "scopes_declined"
    )

    again = visitor.begins("instagram")
    assert "auth_type=rerequest" in again.authorization_url
    attempt = visitor.returns(visitor.consents(again, "two_businesses"), "instagram")
    assert attempt.status == Status.CHOOSING
    connecting.choose(visitor.user, attempt, [connecting.candidates(attempt)[0].account_id])

    assert "auth_type" not in visitor.begins("instagram").authorization_url


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"platform": "nowhere"}, "unknown_platform"), ({"account": "theirs"}, "account_not_found")],
)
def test_what_cannot_be_begun_is_refused(
    visitor: Visitor, stranger: Visitor, asked: dict[str, Any], code: str
) -> None:
    if "account" in asked:
        asked = {"account": stranger.connects()}
    with pytest.raises(InvalidRequest) as refused:
        visitor.begins(**asked)
    assert refused.value.code == code
    assert not ConnectionAttempt.objects.filter(user=visitor.user).exists()


# How it can end otherwise


def test_declining_ends_it(visitor: Visitor, world: World) -> None:
    failed = ends(visitor, visitor.consents(visitor.begins(), allow=False))

    assert failed.code == "denied"
    assert failed.attempt is not None
    assert failed.attempt.status == Status.FAILED
    assert failed.attempt.code == "denied"
    assert "user_denied" in failed.attempt.detail
    assert calls(world, EXCHANGES) == 0
    event = Event.objects.get()
    assert (event.verb, event.code, event.actor) == ("account.connection_failed", "denied", visitor.user)


def test_declining_is_understood_where_the_platform_leaves_out_the_state(visitor: Visitor) -> None:
    assert ends(visitor, {"error": ["access_denied"]}).code == "denied"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"error": ["server_error"]}, "platform_unavailable"),
        ({"error": ["invalid_scope"]}, "platform_error"),
        ({"error_code": ["1349126"]}, "platform_error"),
        ({}, "callback_incomplete"),
        ({"code": ["#_"]}, "callback_incomplete"),
        ({"code": ["a", "b"]}, "callback_incomplete"),
    ],
)
def test_an_answer_without_a_code_ends_it(visitor: Visitor, world: World, params: Any, code: str) -> None:
    state = visitor.consents(visitor.begins())["state"]

    assert ends(visitor, {"state": state, **params}).code == code
    assert calls(world, EXCHANGES) == 0


@pytest.mark.parametrize(
    ("person", "platform", "code"),
    [
        ("no_instagram", "instagram", "page_without_instagram"),
        ("no_tasks", "instagram", "page_task_missing"),
        ("personal", "instagram", "page_without_instagram"),
    ],
)
def test_where_no_account_can_be_published_to_it_ends_with_the_reason(
    visitor: Visitor, person: str, platform: str, code: str
) -> None:
    begun = visitor.begins(platform)

    failed = ends(visitor, visitor.consents(begun, person), platform)

    assert failed.code == code
    assert failed.params["accounts"]
    assert not ConnectedAccount.objects.exists()


def test_where_no_account_was_ticked_it_ends(visitor: Visitor) -> None:
    begun = visitor.begins("instagram")

    assert (
        ends(visitor, visitor.consents(begun, "two_businesses", targets=[]), "instagram").code == "no_account"
    )


def test_declined_scopes_that_nothing_works_without_end_it_and_are_named(visitor: Visitor) -> None:
    begun = visitor.begins("instagram")

    failed = ends(
        visitor, visitor.consents(begun, "two_businesses", decline={"instagram_basic"}), "instagram"
    )

    assert failed.code == "scopes_declined"
    assert failed.params["scopes"] == "instagram_basic"
    assert failed.attempt is not None
    assert failed.attempt.params["scopes"] == "instagram_basic"
    assert failed.attempt.declined_scopes == ["instagram_basic"]


def test_an_account_whose_publishing_was_declined_is_kept_and_says_so(visitor: Visitor) -> None:
    account = visitor.connects("shop", decline=[PUBLISH])

    assert account.health == Health.PERMISSION_MISSING
    assert PUBLISH in account.health_detail
    assert account.permissions["publish"] is False
    assert not account.is_active
    assert not account.is_verified
    assert ConnectionAttempt.objects.get().declined_scopes == [PUBLISH]

    assert visitor.connects("shop", account=account).pk == account.pk
    account.refresh_from_db()
    assert account.health == Health.ACTIVE


def test_a_platform_that_is_down_ends_it_and_the_code_is_not_tried_again(
    visitor: Visitor, world: World
) -> None:
    world.fault(action="status", host=EXCHANGES[0], status=503, times=0)

    failed = ends(visitor, visitor.consents(visitor.begins()))

    assert failed.code == "platform_unavailable"
    assert calls(world, EXCHANGES) == 1


def test_trouble_after_the_exchange_ends_it_and_the_code_is_not_tried_again(
    visitor: Visitor, world: World
) -> None:
    world.fault(action="status", host="graph.instagram.com", path="/me", status=503, times=0)
    params = visitor.consents(visitor.begins())

    failed = ends(visitor, params)
    assert failed.code == "platform_unavailable"
    assert failed.attempt is not None
    assert failed.attempt.status == Status.FAILED

    again = ends(visitor, params)
    assert again.code == "attempt_replayed"
    assert again.attempt == failed.attempt
    assert calls(world, EXCHANGES) == 1
    assert not ConnectedAccount.objects.exists()


def test_a_provider_that_breaks_ends_it_as_our_failure(
    visitor: Visitor, strict: type[Strict], monkeypatch: Any
) -> None:
    monkeypatch.setattr(Strict, "profiles", lambda self, tokens: 1 / 0)
    state = parse_qs(urlsplit(visitor.begins("strict").authorization_url).query)["state"]

    failed = ends(visitor, {"code": ["c"], "state": state}, "strict")

    assert (failed.code, failed.detail) == ("connection_failed", "ZeroDivisionError")
    assert failed.attempt is not None
    assert failed.attempt.status == Status.FAILED


# Reconnecting


def test_connecting_again_keeps_the_row_and_replaces_the_tokens(visitor: Visitor) -> None:
    first = visitor.connects()
    second = visitor.connects()

    assert second.pk == first.pk
    assert second.access_token != first.access_token
    assert second.token_version > first.token_version
    assert list(Event.objects.order_by("at").values_list("verb", flat=True)) == [
        "account.connected",
        "account.reconnected",
    ]


def test_reconnecting_another_account_is_refused_and_changes_nothing(visitor: Visitor) -> None:
    account = visitor.connects("shop")
    before = ConnectedAccount.objects.values().get()
    begun = visitor.begins(account=account)

    failed = ends(visitor, visitor.consents(begun, "creator"))

    assert failed.code == "wrong_account"
    assert failed.params["wanted"] == "juniper.shop"
    assert failed.params["accounts"] == "@studio.linden"
    assert str(before) == str(ConnectedAccount.objects.values().get())


def test_reconnecting_takes_the_one_account_among_several(visitor: Visitor) -> None:
    attempt = visitor.goes("two_businesses", "instagram")
    coffee = connecting.choose(
        visitor.user, attempt, [connecting.candidates(attempt, "coffee")[0].account_id]
    )[0]
    accounts.disconnect(coffee, by=visitor.user)

    again = visitor.goes("two_businesses", "instagram", account=coffee)

    assert again.status == Status.CONNECTED
    assert again.connected == [str(coffee.pk)]
    coffee.refresh_from_db()
    assert coffee.health == Health.ACTIVE


def test_an_account_with_unreadable_tokens_is_healed_by_reconnecting(visitor: Visitor) -> None:
    account = visitor.connects()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE connected_accounts SET access_token = 'dca1.00000000.AAAA', refresh_token = 'x'"
        )

    visitor.connects(account=account)

    assert ConnectedAccount.objects.get().access_token


# Who may have it


def test_two_users_may_connect_the_same_account(visitor: Visitor, stranger: Visitor) -> None:
    mine, theirs = visitor.connects(), stranger.connects()

    assert mine.account_id == theirs.account_id
    assert mine.pk != theirs.pk


def test_where_ownership_is_exclusive_the_second_user_is_refused(
    visitor: Visitor, stranger: Visitor, settings: Any
) -> None:
    earlier = visitor.connects("creator")
    settings.CONNECTED_ACCOUNTS_OWNERSHIP = "exclusive"
    mine = visitor.connects("shop")

    for person in ("shop", "creator"):
        failed = ends(stranger, stranger.consents(stranger.begins(), person))
        assert failed.code == "owned_by_other"
    assert not ConnectedAccount.objects.filter(user=stranger.user).exists()

    accounts.disconnect(mine, by=visitor.user)
    accounts.disconnect(earlier, by=visitor.user)
    assert stranger.connects("shop").user == stranger.user
    begun = visitor.begins(account=mine)
    assert ends(visitor, visitor.consents(begun)).code == "owned_by_other"


# Testing, pausing, disconnecting


def test_testing_a_connection_writes_what_the_platform_says(visitor: Visitor, world: World) -> None:
    account = visitor.connects()
    owner = world.people["shop"].instagram
    assert owner is not None
    owner.username, owner.name = "juniper.new", "Juniper, renamed"

    accounts.verify(account, by=visitor.user)

    account.refresh_from_db()
    assert (account.username, account.display_name) == ("juniper.new", "Juniper, renamed")
    assert account.quota["total"] == 50
    assert Event.objects.filter(verb="account.verified", actor=visitor.user).exists()


def test_testing_a_connection_that_was_withdrawn_finds_out(visitor: Visitor, world: World) -> None:
    account = visitor.connects()
    world.revoke("shop")

    accounts.verify(account, by=visitor.user)

    account.refresh_from_db()
    assert (account.health, account.health_code) == (Health.RECONNECT_NEEDED, "access_revoked")


def test_testing_a_connection_says_nothing_when_the_platform_is_down(visitor: Visitor, world: World) -> None:
    account = visitor.connects()
    world.fault(action="status", host="graph.instagram.com", status=503, times=0)

    with pytest.raises(Unavailable):
        accounts.verify(account, by=visitor.user)

    account.refresh_from_db()
    assert account.health == Health.ACTIVE


def test_testing_heals_an_account_whose_owner_has_acted(visitor: Visitor, world: World) -> None:
    account = visitor.connects()
    checkpoint = world.fault(
        action="status", host="graph.instagram.com", status=400, code=190, subcode=459, times=0
    )
    accounts.verify(account, by=visitor.user)
    assert account.health == Health.ACTION_NEEDED

    world.faults.remove(checkpoint)
    accounts.verify(account, by=visitor.user)

    account.refresh_from_db()
    assert account.health == Health.ACTIVE


def test_a_paused_account_stays_paused_until_it_is_resumed(visitor: Visitor) -> None:
    account = visitor.connects()
    accounts.pause(account, by=visitor.user)
    assert (account.health, account.is_active) == (Health.PAUSED, False)

    accounts.verify(account, by=visitor.user)
    account.refresh_from_db()
    assert account.health == Health.PAUSED

    accounts.resume(account, by=visitor.user)
    assert (account.health, account.is_active) == (Health.ACTIVE, True)
    with pytest.raises(InvalidRequest, match="account_not_paused"):
        accounts.resume(account, by=visitor.user)


def test_disconnecting_wipes_the_secrets_once(visitor: Visitor) -> None:
    account = visitor.connects()
    secret = account.access_token

    accounts.disconnect(account, by=visitor.user)

    account.refresh_from_db()
    assert (account.access_token, account.refresh_token, account.extra_tokens) == ("", "", {})
    assert (account.health, account.is_active) == (Health.DISCONNECTED, False)
    assert secret not in str(ConnectedAccount.objects.values().get())
    accounts.disconnect(account, by=visitor.user)
    assert Event.objects.filter(verb="account.disconnected").count() == 1


# Housekeeping


def test_round_trips_nobody_came_back_from_are_ended_and_later_deleted(visitor: Visitor) -> None:
    kept = visitor.begins().attempt
    left = visitor.begins().attempt
    choosing = visitor.goes("two_businesses", "instagram")
    broken = visitor.begins().attempt
    past = timezone.now() - timedelta(minutes=1)
    ConnectionAttempt.objects.exclude(pk=kept.pk).update(expires_at=past)
    ConnectionAttempt.objects.filter(pk=broken.pk).update(status=Status.EXCHANGING)

    assert attempts.purge() == 3

    ended = {attempt.pk: attempt for attempt in ConnectionAttempt.objects.all()}
    assert ended[kept.pk].status == Status.STARTED
    assert ended[left.pk].code == "attempt_expired"
    assert ended[choosing.pk].code == "attempt_expired"
    assert ended[choosing.pk].candidates == {}
    assert ended[broken.pk].code == "connection_interrupted"

    ConnectionAttempt.objects.filter(pk=left.pk).update(ended_at=timezone.now() - timedelta(days=31))
    assert attempts.purge() == 0
    assert not ConnectionAttempt.objects.filter(pk=left.pk).exists()
