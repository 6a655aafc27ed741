"""tweepy: https://pypi.org/project/tweepy/."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.clients


@pytest.fixture
def x(client, token):
    return client("tweepy").Client(token("twitter"))


def test_tweepy_posts_reads_lists_and_deletes(x, world) -> None:
    made = x.create_tweet(text="Rye at seven", user_auth=False)
    me = x.get_me(user_auth=False).data
    found = x.get_tweet(made.data["id"], tweet_fields=["created_at", "public_metrics"])
    assert found.data.text == "Rye at seven"
    assert "like_count" in found.data.public_metrics
    assert [row.text for row in x.get_users_tweets(me.id, exclude=["retweets"]).data] == ["Rye at seven"]
    assert x.delete_tweet(made.data["id"], user_auth=False).data["deleted"]
    assert not world.posts()


def test_tweepy_posts_a_thread_with_a_poll_and_who_may_reply(x) -> None:
    first = x.create_tweet(
        text="Rye or spelt?",
        poll_options=["Rye", "Spelt"],
        poll_duration_minutes=60,
        reply_settings="mentionedUsers",
        user_auth=False,
    )
    x.create_tweet(text="Come early", in_reply_to_tweet_id=first.data["id"], user_auth=False)
    me = x.get_me(user_auth=False).data
    assert [row.text for row in x.get_users_tweets(me.id).data] == ["Come early", "Rye or spelt?"]


def test_tweepy_names_what_is_refused(x, client) -> None:
    tweepy = client("tweepy")
    x.create_tweet(text="Rye", user_auth=False)
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        x.create_tweet(text="Rye", user_auth=False)
    with pytest.raises(tweepy.Unauthorized):
        tweepy.Client("gone").get_me(user_auth=False)


def test_tweepy_connects_somebody(client, world, allowed, monkeypatch) -> None:
    tweepy = client("tweepy")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    handler = tweepy.OAuth2UserHandler(
        client_id="sandbox-twitter-app",
        client_secret="sandbox-twitter-secret",
        redirect_uri="http://localhost/callback/",
        scope=["tweet.read", "users.read", "tweet.write", "offline.access"],
    )
    back = allowed(handler.get_authorization_url())
    assert "code" in parse_qs(urlsplit(back).query)
    tokens = handler.fetch_token(back)
    assert tweepy.Client(tokens["access_token"]).get_me(user_auth=False).data.username == "juniper_shop"
