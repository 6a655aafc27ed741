"""The whole way of a client: consent, tokens, discovery, container, publish, what the public sees."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from django_connected_accounts.sandbox import World, consent

from .conftest import CALLBACK, FILM, PHOTO, Remote

GRAPH = "graph.facebook.com/v26.0"


def test_facebook_login_from_consent_to_a_public_post(remote: Remote, world: World) -> None:
    location = consent.visit(world, remote.authorize_url("A"), "two_businesses")
    assert location.startswith(CALLBACK + "?")
    assert location.endswith("&state=s-1#_=_")

    app = {"client_id": "sandbox-app", "client_secret": "sandbox-secret"}
    code = parse_qs(urlsplit(location).query)["code"][0]
    short = remote.get(f"{GRAPH}/oauth/access_token", **app, redirect_uri=CALLBACK, code=code)
    assert short["token_type"] == "bearer"
    assert short["expires_in"] == 3600
    exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}
    long = remote.get(f"{GRAPH}/oauth/access_token", **app, **exchange)
    assert long["expires_in"] == 60 * 24 * 3600

    fields = "id,name,access_token,tasks,instagram_business_account{id,username,followers_count}"
    pages = remote.get(f"{GRAPH}/me/accounts", long["access_token"], fields=fields)["data"]
    assert [page["instagram_business_account"]["username"] for page in pages] == [
        "bakery.nord",
        "coffee.nord",
    ]

    account, token = pages[0]["instagram_business_account"]["id"], pages[0]["access_token"]
    container = remote.post(
        f"{GRAPH}/{account}/media", token, image_url=PHOTO, caption="Bread #fresh", alt_text="A loaf"
    )
    early = remote.post(f"{GRAPH}/{account}/media_publish", token, creation_id=container["id"])
    assert (early["error"]["code"], early["error"]["error_subcode"]) == (9007, 2207027)
    seen = [
        remote.get(f"{GRAPH}/{container['id']}", token, fields="status_code")["status_code"] for _ in "12"
    ]
    assert seen == ["IN_PROGRESS", "FINISHED"]
    media = remote.post(f"{GRAPH}/{account}/media_publish", token, creation_id=container["id"])
    assert media["id"] != container["id"]
    assert remote.get(f"{GRAPH}/{container['id']}", token, fields="status_code")["status_code"] == "PUBLISHED"

    [post] = world.posts()
    read = remote.get(
        f"{GRAPH}/{media['id']}", token, fields="permalink,caption,media_type,timestamp,alt_text"
    )
    assert read["permalink"] == post["permalink"]
    assert (post["kind"], post["caption"], post["alt_text"]) == ("photo", "Bread #fresh", "A loaf")
    assert post["sizes"] == [[1080, 1080]]
    page = remote.send("GET", post["permalink"].partition("/")[2].partition("/")[2].partition("/")[2])
    assert "Bread #fresh" in page.text
    picture = remote.send("GET", f"scontent.cdninstagram.com/media/{media['id']}")
    assert picture.content == remote.files[PHOTO]


def test_instagram_login_from_consent_to_a_public_reel(remote: Remote, world: World) -> None:
    location = consent.visit(world, remote.authorize_url("B"), "shop")
    assert location.endswith("#_")
    answer = remote.post(
        "api.instagram.com/oauth/access_token",
        client_id="sandbox-instagram-app",
        client_secret="sandbox-instagram-secret",
        grant_type="authorization_code",
        redirect_uri=CALLBACK,
        code=parse_qs(urlsplit(location).query)["code"][0],
    )
    assert isinstance(answer["user_id"], int)
    assert answer["user_id"] > 2**53
    long = remote.get(
        "graph.instagram.com/access_token",
        answer["access_token"],
        grant_type="ig_exchange_token",
        client_secret="sandbox-instagram-secret",
    )
    me = remote.get(
        "graph.instagram.com/v26.0/me",
        long["access_token"],
        fields="user_id,username,account_type,media_count",
    )
    assert (me["username"], me["account_type"], me["id"]) == (
        "juniper.shop",
        "BUSINESS",
        str(answer["user_id"]),
    )

    remote.publish("graph.instagram.com", "me", long["access_token"], media_type="REELS", video_url=FILM)
    [post] = world.posts()
    assert (post["kind"], post["account_id"], post["username"]) == ("reel", me["user_id"], "juniper.shop")
    assert "/reel/" in post["permalink"]
