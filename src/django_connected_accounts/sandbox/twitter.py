"""X: OAuth 2.0 with single-use refresh tokens, posts, uploads in pieces, timelines, limits and bills.

Follows the X contract of 2026-11-22. Not done: app-only tokens, subscriptions to events over HTTP
(`Twitter.tell` sends them), analytics, likes, follows, edits, community posts. Invented, being undocumented:
how a missing scope and a picture that can't be decoded are answered, and how long the same text counts as
a duplicate. Links are told by a few top-level domains.
"""

from __future__ import annotations

from typing import Final

from . import twitter_posts as posts
from . import twitter_uploads as uploads
from .routing import Route
from .twitter_account import Twitter
from .twitter_api import endpoint, me, revoke, token

__all__ = ["Twitter"]

HOSTS: Final = ("api.x.com", "api.twitter.com")
READ: Final = ("tweet.read", "users.read")
WRITE: Final = (*READ, "tweet.write")
UPLOAD: Final = ("media.write",)

_TABLE: Final = (
    # Method, path, calls in 15 minutes by account, scopes, answer.
    ("GET", "/2/users/me", 75, READ, me),
    ("POST", "/2/tweets", 100, WRITE, posts.create),
    ("DELETE", r"/2/tweets/(\d{1,19})", 50, WRITE, posts.delete),
    ("GET", r"/2/tweets/(\d{1,19})", 900, READ, posts.lookup),
    ("GET", "/2/tweets", 5000, READ, posts.lookup),
    ("GET", r"/2/users/(\d{1,19})/tweets", 900, READ, posts.timeline),
    ("POST", "/2/media/upload/initialize", 1875, UPLOAD, uploads.initialize),
    ("POST", r"/2/media/upload/(\d{1,19})/append", 1875, UPLOAD, uploads.append),
    ("POST", r"/2/media/upload/(\d{1,19})/finalize", 1875, UPLOAD, uploads.finalize),
    ("GET", "/2/media/upload", 1000, UPLOAD, uploads.status),
    ("POST", "/2/media/upload", 500, UPLOAD, uploads.upload_at_once),
    ("POST", "/2/media/metadata", 500, UPLOAD, uploads.describe),
)
Twitter.routes = tuple(
    route
    for host in HOSTS
    for route in (
        Route(host, "POST", "/2/oauth2/token", token),
        Route(host, "POST", "/2/oauth2/revoke", revoke),
        *(
            Route(host, method, path, endpoint(f"{method} {path}", most, scopes, answer))
            for method, path, most, scopes, answer in _TABLE
        ),
    )
)
