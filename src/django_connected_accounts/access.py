"""Whose accounts and posts a user may see and act on: one class, replaceable by a setting."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from .models import ConnectedAccount, ConnectionAttempt, Post


class Access:
    """Everybody has their own. Subclass it to share accounts in a team, and name the class in the setting."""

    def accounts(self, user: Any) -> QuerySet[ConnectedAccount]:
        """Return the accounts this user may see and act on."""
        return (
            ConnectedAccount.objects.filter(user=user)
            if user.is_authenticated
            else ConnectedAccount.objects.none()
        )

    def posts(self, user: Any) -> QuerySet[Post]:
        """Return the posts this user may see and act on."""
        return Post.objects.filter(user=user) if user.is_authenticated else Post.objects.none()

    def attempts(self, user: Any) -> QuerySet[ConnectionAttempt]:
        """Return the connection attempts this user may finish: only ever their own."""
        mine = ConnectionAttempt.objects
        return mine.filter(user=user) if user.is_authenticated else mine.none()

    def may_connect(self, user: Any, platform: str) -> bool:
        """Say whether this user may connect accounts of this platform."""
        return bool(user.is_authenticated and user.is_active)


def access() -> Access:
    """Return the access rules of this project."""
    rules: Access = import_string(settings.CONNECTED_ACCOUNTS_ACCESS)()
    return rules
