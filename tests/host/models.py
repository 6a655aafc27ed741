"""Models of the host project: where its own use of the encrypted fields is tested."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from django_connected_accounts.fields import EncryptedJSONField, EncryptedTextField

BINDING = ("owner_id", "platform", "remote_id")


class Connection(models.Model):
    """Shaped like a connected account: three binding columns, a UUID key, two secrets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No constraint: this app has no migrations, so its tables are there before those of the users.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_constraint=False)
    platform = models.CharField(max_length=32)
    remote_id = models.CharField(max_length=191)
    name = models.CharField(max_length=100, blank=True)
    token = EncryptedTextField(label="host.connection.token", binding=BINDING)
    refresh_token = EncryptedTextField(
        label="host.connection.refresh_token", binding=BINDING, blank=True, default=""
    )
    extra = EncryptedJSONField(label="host.connection.extra", binding=BINDING, blank=True, default=dict)

    class Meta:
        app_label = "host"


class Note(models.Model):
    """A secret without a natural binding, in a renamed column, that may be missing."""

    title = models.CharField(max_length=100, blank=True)
    body = EncryptedTextField(label="host.note.body", null=True, blank=True, db_column="content")
    data = EncryptedJSONField(label="host.note.data", null=True, blank=True)

    class Meta:
        app_label = "host"


class Credential(models.Model):
    """An abstract base, two levels up from its table."""

    owner_id = models.IntegerField()
    secret = EncryptedTextField(label="host.credential.secret", binding=("owner_id",))

    class Meta:
        abstract = True


class NamedCredential(Credential):
    name = models.CharField(max_length=20)

    class Meta(Credential.Meta):
        abstract = True


class Certificate(NamedCredential):
    class Meta:
        app_label = "host"


class SignedCertificate(Certificate):
    """A child table of a table with a secret."""

    signer = models.CharField(max_length=20)

    class Meta:
        app_label = "host"


class PlainToken(models.Model):
    """What the benchmarks compare with: the same row, its token in clear."""

    owner_id = models.IntegerField()
    platform = models.CharField(max_length=32)
    remote_id = models.CharField(max_length=191)
    token = models.TextField()

    class Meta:
        app_label = "host"


class SealedToken(models.Model):
    owner_id = models.IntegerField()
    platform = models.CharField(max_length=32)
    remote_id = models.CharField(max_length=191)
    token = EncryptedTextField(label="host.sealed_token.token", binding=BINDING)

    class Meta:
        app_label = "host"
