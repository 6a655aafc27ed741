"""Remote accounts, and the OAuth round trips that lead to them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.fields import EncryptedJSONField, EncryptedTextField
from django_connected_accounts.providers.types import Connection, Tokens

from .exact import ExactCharField
from .leases import Leased

ACCOUNT_BINDING = ("user_id", "platform", "account_id")


class ConnectedAccount(Leased):
    """A remote account of one user, with its encrypted tokens and its health."""

    class Health(models.TextChoices):
        ACTIVE = "active", _("Connected")
        REFRESH_RETRYING = "refresh_retrying", _("Refresh retrying")
        RECONNECT_NEEDED = "reconnect_needed", _("Reconnect needed")
        ACTION_NEEDED = "action_needed", _("Action needed")
        PERMISSION_MISSING = "permission_missing", _("Permission missing")
        PAUSED = "paused", _("Paused")
        DISCONNECTED = "disconnected", _("Disconnected")
        UNDECRYPTABLE = "undecryptable", _("Tokens unreadable")

    USABLE: ClassVar[frozenset[str]] = frozenset({Health.ACTIVE, Health.REFRESH_RETRYING})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connected_accounts"
    )
    platform = models.CharField(max_length=32)
    account_id = ExactCharField(max_length=191)
    """The platform's permanent id of the account, never a handle. Compared exactly on every database."""
    username = models.CharField(max_length=255, blank=True)
    display_name = models.CharField(max_length=255, blank=True)
    profile_picture_url = models.URLField(max_length=2000, blank=True)
    account_type = models.CharField(max_length=64, blank=True)
    platform_user_id = ExactCharField(max_length=191, blank=True, default="", db_index=True)
    """Under which id the platform names the consenting person in its callbacks."""
    exclusive_key = ExactCharField(
        max_length=255, null=True, blank=True, default=None, unique=True, editable=False
    )
    """Who else may connect it: nobody while this is set, as the "exclusive" policy does."""
    details = models.JSONField(default=dict, blank=True)
    """Plain facts the provider wants back: a Page id, which scopes sit on which asset."""

    access_token = EncryptedTextField(
        label="connected_accounts.account.access_token", binding=ACCOUNT_BINDING, blank=True, default=""
    )
    refresh_token = EncryptedTextField(
        label="connected_accounts.account.refresh_token", binding=ACCOUNT_BINDING, blank=True, default=""
    )
    extra_tokens = EncryptedJSONField(
        label="connected_accounts.account.extra_tokens", binding=ACCOUNT_BINDING, blank=True, default=dict
    )
    token_issued_at = models.DateTimeField(null=True, blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    """When the refresh token itself ends."""
    data_access_expires_at = models.DateTimeField(null=True, blank=True)
    token_version = models.PositiveIntegerField(default=0, editable=False)
    """Grows with every change of the tokens, so that a waiter knows it has the winner's."""
    refresh_at = models.DateTimeField(null=True, blank=True)
    """When the next automatic refresh is tried."""
    refresh_began_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When younger tokens were asked for that we have not seen: the platform may have replaced ours."""

    granted_scopes = models.JSONField(default=list, blank=True)
    permissions = models.JSONField(default=dict, blank=True)
    """Capability ("publish") to whether all its scopes are granted."""

    health = models.CharField(max_length=32, choices=Health, default=Health.ACTIVE)
    health_code = models.CharField(max_length=64, blank=True)
    health_detail = models.CharField(max_length=255, blank=True)
    health_since = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    """Whether it may be used now: `health` is one of `USABLE`."""
    is_verified = models.BooleanField(default=False)
    """Whether the platform said that publishing to it will work."""
    last_sync_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=16, blank=True, default="", editable=False)
    """In which language its owner connected it, and reads our e-mails."""
    quota = models.JSONField(default=dict, blank=True)
    """What the platform last said of its publishing quota: used, total, window_seconds, at."""
    measure_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When its numbers are read next; None before the first time."""
    turns_until = models.DateTimeField(null=True, blank=True, editable=False)
    """Up to when its late posts have been given their turns."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "connected_accounts"
        ordering = ("-created_at", "-id")
        verbose_name = _("connected account")
        verbose_name_plural = _("connected accounts")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "platform", "account_id"), name="connected_accounts_unique_account"
            ),
        )
        indexes = (
            models.Index(fields=("user", "-created_at", "-id"), name="connected_accounts_listing"),
            models.Index(fields=("platform", "account_id"), name="connected_accounts_remote"),
            models.Index(fields=("refresh_at",), name="connected_accounts_refresh"),
            models.Index(fields=("measure_at",), name="connected_accounts_measuring"),
            models.Index(fields=("token_expires_at",), name="connected_accounts_tokens_end"),
            models.Index(fields=("data_access_expires_at",), name="connected_accounts_access_ends"),
        )

    def __str__(self) -> str:
        return f"{self.username or self.account_id} ({self.platform})"

    @property
    def tokens(self) -> Tokens:
        """Return its secrets as a provider takes them. To act with them, ask `services.tokens.fresh`."""
        return Tokens(
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            expires_at=self.token_expires_at,
            refresh_expires_at=self.refresh_expires_at,
            data_access_expires_at=self.data_access_expires_at,
            issued_at=self.token_issued_at,
            scopes=frozenset(self.granted_scopes),
            extra=self.extra_tokens,
        )

    @property
    def connection(self) -> Connection:
        """Return the account as a provider sees it."""
        return Connection(
            account_id=self.account_id, tokens=self.tokens, username=self.username, details=self.details
        )

    def client(self) -> Any:
        """Return its platform's API with tokens that work now: see `services.accounts.client`."""
        from django_connected_accounts.services import accounts

        return accounts.client(self)

    def publish(self, **content: Any) -> Any:
        """Publish now, or at ``at``: see `services.publishing.publish`, which this calls."""
        from django_connected_accounts.services import publishing

        return publishing.publish(self, **content)


class Revocation(models.Model):
    """A grant that has ended here and is yet to be ended at the platform; deleted with its secrets after."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        ConnectedAccount, null=True, blank=True, on_delete=models.SET_NULL, related_name="revocations"
    )
    """None once the account itself was deleted."""
    platform = models.CharField(max_length=32)
    remote_account_id = ExactCharField(max_length=191)
    platform_user_id = ExactCharField(max_length=191, blank=True, default="")
    name = models.CharField(max_length=255)
    """What people called the account."""
    secrets = EncryptedJSONField(label="connected_accounts.revocation.secrets", binding=("id",), default=dict)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    run_at = models.DateTimeField(default=timezone.now, db_index=True)
    """When the platform is told, or told again."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "connected_accounts_revocation"
        ordering = ("run_at",)
        verbose_name = _("revocation")
        verbose_name_plural = _("revocations")

    def __str__(self) -> str:
        return self.name

    @property
    def tokens(self) -> Tokens:
        """Return the ended secrets, good for nothing but to end the grant."""
        return Tokens(**self.secrets)


class ConnectionAttempt(models.Model):
    """One OAuth round trip: who began it, in which browser, for what, and how it ended."""

    class Status(models.TextChoices):
        STARTED = "started", _("Waiting for the platform")
        EXCHANGING = "exchanging", _("Coming back")
        CHOOSING = "choosing", _("Choosing accounts")
        CONNECTED = "connected", _("Connected")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connection_attempts"
    )
    platform = models.CharField(max_length=32)
    state_hash = models.CharField(max_length=64, unique=True)
    browser_hash = models.CharField(max_length=64)
    redirect_uri = models.CharField(max_length=2000)
    verifier = EncryptedTextField(
        label="connected_accounts.attempt.verifier", binding=("id",), blank=True, default=""
    )
    capabilities = models.JSONField(default=list)
    scopes = models.JSONField(default=list)
    account = models.ForeignKey(
        ConnectedAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="attempts"
    )
    """The account to reconnect; a consent for any other is refused."""
    next_url = models.CharField(max_length=2000, blank=True)

    status = models.CharField(max_length=16, choices=Status, default=Status.STARTED)
    code = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=255, blank=True)
    params = models.JSONField(default=dict, blank=True)
    """What fills the places in the texts of `code`."""
    declined_scopes = models.JSONField(default=list, blank=True)
    candidates = EncryptedJSONField(
        label="connected_accounts.attempt.candidates", binding=("id",), blank=True, default=dict
    )
    """The accounts to choose from, with their tokens; emptied when the choice is made or the time is up."""
    connected = models.JSONField(default=list, blank=True)
    """Ids of the accounts this attempt connected."""
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "connected_accounts_attempt"
        ordering = ("-created_at",)
        verbose_name = _("connection attempt")
        verbose_name_plural = _("connection attempts")

    def __str__(self) -> str:
        return f"{self.platform} {self.status}"
