"""The consent pages of the platforms as data: which scopes there are, and how the browser is sent back.

Facebook's and Instagram's follow the Instagram Platform contract of 2026-11-22, section 1. The other
platforms' are beside the rest of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One platform's consent page.

    ``pages`` are the hosts and paths where it is shown. ``unknown_scope`` is what the app is told about a
    scope that does not exist; without it the platform shows a page of its own. Where scopes are not
    ``choosable`` they are allowed together or not at all.
    """

    id: str
    name: str
    pages: tuple[tuple[str, str], ...]
    scopes: Mapping[str, str]
    params: frozenset[str]
    denial: Mapping[str, str]
    mandatory: frozenset[str] = frozenset()
    unknown_scope: Mapping[str, str] = field(default_factory=dict)
    choosable: bool = True
    asks_again: bool = True
    """Whether a scope that was declined is offered on the next visit without further ado."""
    client_id_name: str = "client_id"
    pkce: bool = False
    code_prefix: str = "AQ"
    code_length: int = 180
    code_seconds: float = 3600.0
    names_scopes: bool = False
    """Whether the callback says which scopes were allowed."""
    fragment: str = ""

    @property
    def host(self) -> str:
        return self.pages[0][0]

    def shows(self, url: str) -> bool:
        """Whether this is the address of one of its pages, on the platform or in the sandbox."""
        path = urlsplit(url).path
        address = f"{urlsplit(url).netloc}{path}"
        return any(
            re.fullmatch(rf"(?:.*/)?{re.escape(host)}{pattern}", address) for host, pattern in self.pages
        )


FACEBOOK: Final = Login(
    id="facebook",
    name="Facebook",
    pages=(("www.facebook.com", r"(?:/(v\d+\.\d+))?/dialog/oauth/?"),),
    scopes={
        "public_profile": "Your name",
        "email": "Your e-mail address",
        "pages_show_list": "A list of the Pages you manage",
        "pages_read_engagement": "Read content posted on your Pages",
        "pages_manage_posts": "Create and manage content on your Pages",
        "pages_manage_engagement": "Comment on your Pages' posts",
        "pages_manage_metadata": "Manage your Pages' settings",
        "pages_read_user_content": "Read what people post on your Pages",
        "read_insights": "Read your Pages' insights",
        "business_management": "Manage your business portfolios",
        "ads_management": "Manage your ads",
        "ads_read": "Read your ads",
        "instagram_basic": "Read your Instagram accounts' profile and media",
        "instagram_content_publish": "Publish to your Instagram accounts",
        "instagram_manage_comments": "Manage comments on your Instagram accounts",
        "instagram_manage_insights": "Read your Instagram accounts' insights",
        "instagram_manage_contents": "Delete media of your Instagram accounts",
    },
    mandatory=frozenset({"public_profile"}),
    params=frozenset(
        {
            "client_id", "redirect_uri", "state", "scope", "response_type", "auth_type", "auth_nonce",
            "display",
        }
    ),
    denial={
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
    },
    asks_again=False,
    fragment="#_=_",
)  # fmt: skip
INSTAGRAM: Final = Login(
    id="instagram",
    name="Instagram",
    pages=(
        ("www.instagram.com", "/oauth/authorize/?"),
        ("api.instagram.com", "/oauth/authorize/?"),
    ),
    scopes={
        "instagram_business_basic": "Read your profile and media",
        "instagram_business_content_publish": "Publish to your account",
        "instagram_business_manage_comments": "Manage comments",
        "instagram_business_manage_messages": "Manage messages",
        "instagram_business_manage_insights": "Read insights",
    },
    mandatory=frozenset({"instagram_business_basic"}),
    params=frozenset(
        {
            "client_id", "redirect_uri", "state", "scope", "response_type", "force_reauth",
            "enable_fb_login", "force_authentication",
        }
    ),
    denial={
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request",
    },
    fragment="#_",
)  # fmt: skip
