"""LinkedIn's own linkedin-api-client: https://pypi.org/project/linkedin-api-client/."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.clients

VERSION = "202609"


@pytest.fixture
def restli(client):
    client("linkedin_api")
    return pytest.importorskip("linkedin_api.clients.restli.client").RestliClient()


@pytest.fixture
def author(restli, token) -> str:
    me = restli.get(resource_path="/userinfo", access_token=token("linkedin"))
    return f"urn:li:person:{me.entity['sub']}"


def a_post(author: str, text: str) -> dict:
    return {
        "author": author,
        "commentary": text,
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def test_it_posts_comments_and_deletes(restli, token, author, world) -> None:
    known = {"access_token": token("linkedin"), "version_string": VERSION}
    made = restli.create(resource_path="/posts", entity=a_post(author, "Rye"), **known)
    assert made.status_code == 201
    (post,) = world.posts()
    assert (post["id"], post["caption"]) == (made.entity_id, "Rye")
    comment = restli.create(
        resource_path="/socialActions/{id}/comments",
        path_keys={"id": made.entity_id},
        entity={"actor": author, "object": made.entity_id, "message": {"text": "More inside"}},
        **known,
    )
    assert comment.status_code == 201
    gone = restli.delete(resource_path="/posts/{id}", path_keys={"id": made.entity_id}, **known)
    assert gone.status_code == 204
    assert not world.posts()


def test_it_begins_an_upload(restli, token, author) -> None:
    begun = restli.action(
        resource_path="/images",
        action_name="initializeUpload",
        action_params={"initializeUploadRequest": {"owner": author}},
        access_token=token("linkedin"),
        version_string=VERSION,
    )
    assert begun.value["image"].startswith("urn:li:image:")


def test_it_finds_pages_and_their_posts(restli, token, world) -> None:
    known = {"access_token": token("linkedin", "two_businesses"), "version_string": VERSION}
    roles = restli.finder(
        resource_path="/organizationAcls",
        finder_name="roleAssignee",
        query_params={"state": "APPROVED"},
        **known,
    )
    page = roles.elements[0]["organization"]
    restli.create(resource_path="/posts", entity=a_post(page, "Spelt"), **known)
    posts = restli.finder(
        resource_path="/posts",
        finder_name="author",
        query_params={"author": page, "count": 10, "sortBy": "LAST_MODIFIED"},
        **known,
    )
    assert [row["commentary"] for row in posts.elements] == ["Spelt"]


def test_it_connects_somebody(client, allowed) -> None:
    client("linkedin_api")
    auth = pytest.importorskip("linkedin_api.clients.auth.client").AuthClient(
        client_id="sandbox-linkedin-app",
        client_secret="sandbox-linkedin-secret",
        redirect_url="http://localhost/callback/",
    )
    back = allowed(auth.generate_member_auth_url(scopes=["openid", "profile", "w_member_social"], state="s"))
    code = parse_qs(urlsplit(back).query)["code"][0]
    tokens = auth.exchange_auth_code_for_access_token(code)
    assert auth.introspect_access_token(tokens.access_token).active
