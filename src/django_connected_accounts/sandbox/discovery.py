"""Finding the Instagram accounts behind a Facebook login: Pages, portfolios, and the accounts linked to them.

Follows the Instagram Platform contract of 2026-11-22, section 3. Not done: Page settings and posts, "all
current and future Pages".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from . import meta, tokens
from .errors import GraphError
from .facebook_login import ONLY_HERE, person_of, user_token
from .meta import Field, edges, fields_of, page_of, select
from .people import Page
from .records import Token
from .routing import Answer, Call


def accounts(call: Call, node: str) -> Answer:
    """The Pages a person ticked; those of a portfolio only with business_management."""
    token, person = user_token(call), person_of(call)
    shown = [page for page in person.pages if not page.business or "business_management" in token.scopes]
    return _pages(call, token, shown if "pages_show_list" in token.scopes else [])


def businesses(call: Call, node: str) -> Answer:
    _need(user_token(call), "business_management")
    return page_of(call, [{"id": b.id, "name": b.name} for b in person_of(call).businesses])


def held_pages(call: Call, node: str) -> Answer:
    """The Pages a portfolio owns, or those of its clients."""
    token, held_as = user_token(call), call.path.rpartition("/")[2].removesuffix("_pages")
    _need(token, "business_management")
    held = [p for p in person_of(call).pages if p.business and (p.business.id, p.held_as) == (node, held_as)]
    return _pages(call, token, held)


def page(call: Call, node: str) -> Answer:
    token = call.token
    known = next((page for page in person_of(call).pages if page.id == node), None)
    if token is None or known is None or node not in token.targets:
        raise meta.invisible(node, call)
    return page_node(call, token, known, fields_of(call.text("fields")), default=("name",))


def page_node(
    call: Call,
    token: Token,
    page: Page,
    wanted: Sequence[Field],
    default: Sequence[str] = ("name", "access_token"),
) -> dict[str, Any]:
    """Return a Page's fields; a Page without a professional account lacks the key."""

    def account(inner: list[Field]) -> dict[str, Any] | None:
        linked = page.instagram
        if linked is None or linked.id not in token.targets or "instagram_basic" not in token.scopes:
            return None
        return select(account_node(call, linked.id), inner, "IGUser", ("id",))

    picture = f"{call.world.base_url}/scontent.cdninstagram.com/avatar/{page.id}.svg"
    node = {
        "id": page.id,
        "name": page.name,
        "access_token": tokens.page_token(call.world, token, page).value
        if token.kind == "user"
        else token.value,
        "tasks": list(page.tasks),
        "category": "Local business",
        "username": page.username,
        "link": f"{call.world.base_url}/www.facebook.com/{page.username}",
        "followers_count": page.followers_count,
        "fan_count": page.followers_count,
        "picture": lambda inner: {"data": {"url": picture, "is_silhouette": False}},
        "instagram_business_account": account,
        "connected_instagram_account": account,
    }
    return select(node, wanted, "Page", default)


def account_node(call: Call, account_id: str) -> dict[str, Any]:
    """Return every field of an Instagram account that can be asked for."""
    account = call.world.account(account_id)
    if account is None:
        raise meta.invisible(account_id, call)
    avatar = f"{call.world.base_url}/scontent.cdninstagram.com/avatar/{account.id}.svg"
    node = {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "biography": account.biography,
        "website": account.website,
        "profile_picture_url": avatar,
        "followers_count": account.followers_count,
        "follows_count": account.follows_count,
        "media_count": sum(media.account_id == account.id for media in call.world.media.values()),
    }
    if call.host == "graph.instagram.com":
        node |= {"id": account.scoped_id, "user_id": account.id, "account_type": account.account_type}
    return node


def _need(token: Token, scope: str) -> None:
    if scope not in token.scopes:
        raise GraphError(200, message=f"(#200) Requires {scope} permission to manage the object.")


def _pages(call: Call, token: Token, pages: Iterable[Page]) -> Answer:
    wanted = fields_of(call.text("fields"))
    rows = [page_node(call, token, page, wanted) for page in pages if page.id in token.targets]
    return page_of(call, rows)


EDGES: Final = edges(
    ("GET", "user", "accounts", accounts, "paged"),
    ("GET", "user", "businesses", businesses, "paged"),
    ("GET", "business", "owned_pages", held_pages, "paged"),
    ("GET", "business", "client_pages", held_pages, "paged"),
    ("GET", "page", "", page, ""),
    hosts=ONLY_HERE,
)
