"""What an author wrote (`Post`, `PostMedia`) and what became of it on each account (`Publication`)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.fields import EncryptedJSONField

from .accounts import ConnectedAccount
from .exact import ExactCharField
from .leases import Leased

FOLDER = "connected_accounts"
"""Where in the media storage our files are."""


class Post(models.Model):
    """What the author wrote, and whether it may go out. Delivery is each `Publication`'s own."""

    class Kind(models.TextChoices):
        PHOTO = "photo", _("Photo")
        CAROUSEL = "carousel", _("Carousel")
        REEL = "reel", _("Reel")
        STORY = "story", _("Story")
        TEXT = "text", _("Text")
        VIDEO = "video", _("Video")
        DOCUMENT = "document", _("Document")

    class Review(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connected_account_posts"
    )
    accounts = models.ManyToManyField(ConnectedAccount, related_name="posts", blank=True)
    """The accounts it is meant for; each has a `Publication` once it is scheduled."""
    kind = models.CharField(max_length=16, choices=Kind)
    text = models.TextField(blank=True)
    first_comment = models.TextField(blank=True)
    options = models.JSONField(default=dict, blank=True)
    """The platform's own options by its own names: ``location_id``, ``collaborators``, ``share_to_feed`` …"""
    overrides = models.JSONField(default=dict, blank=True, editable=False)
    """By account id, what differs there and nothing else: ``kind``, ``text``, ``first_comment``, ``options``,
    ``media`` (ids, in order). See `services.overriding`."""
    review = models.CharField(max_length=16, choices=Review, default=Review.DRAFT)
    approved_hash = models.CharField(max_length=64, blank=True, editable=False)
    """Hash of exactly what was approved; content that hashes otherwise is not sent."""
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    late_seconds = models.PositiveIntegerField(null=True, blank=True)
    """How late it may still go out, None for ``CONNECTED_ACCOUNTS_LATE_SECONDS``; later it is "missed"."""
    series = models.ForeignKey(
        "connected_accounts.Series", null=True, blank=True, on_delete=models.SET_NULL, related_name="posts"
    )
    """The series this is an occurrence of."""
    occurrence = models.CharField(max_length=32, blank=True, default="", editable=False)
    """Which one: the time the series has for it, as the clocks of its zone show it, in ISO 8601."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "connected_accounts_post"
        ordering = ("-created_at", "-id")
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = (
            models.UniqueConstraint(fields=("series", "occurrence"), name="connected_accounts_occurs_once"),
        )
        indexes = (models.Index(fields=("user", "-created_at", "-id"), name="connected_accounts_posts"),)

    def __str__(self) -> str:
        words = " ".join(self.text.split())
        return f"{self.get_kind_display()}: {words[:40]}" if words else self.get_kind_display()

    @property
    def shared_media(self) -> list[PostMedia]:
        """Its pictures and films in order, without those that are for single accounts only."""
        return [media for media in self.media.all() if media.shared]


def media_storage() -> Storage:
    return storages[settings.CONNECTED_ACCOUNTS_MEDIA_STORAGE]


class PostMedia(models.Model):
    """One picture, film or document of a post, in order, as it came. `Rendition` may be sent instead."""

    class Fit(models.TextChoices):
        NONE = "", _("As it is")
        CONVERT = "convert", _("Convert to JPEG")
        CROP = "crop", _("Crop to fit")
        PAD = "pad", _("Pad to fit")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="media")
    position = models.PositiveSmallIntegerField()
    shared = models.BooleanField(default=True, editable=False)
    """Whether it goes to every account that has no media of its own; else `Post.overrides` say to which."""
    file = models.FileField(storage=media_storage, upload_to=FOLDER, max_length=255, db_index=True)
    """Several rows may share it, and a cover: it is deleted with the last (`services.storing`)."""
    original_name = models.CharField(max_length=255, blank=True)
    fit = models.CharField(max_length=8, choices=Fit, blank=True, default=Fit.NONE)
    """What is done where a platform does not take it as it is."""
    cover = models.FileField(storage=media_storage, upload_to=FOLDER, max_length=255, blank=True)
    """The cover picture of a reel."""
    alt_text = models.TextField(blank=True)
    user_tags = models.JSONField(default=list, blank=True)

    # Facts, read from its bytes
    kind = models.CharField(max_length=8)
    mime = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    duration = models.FloatField(null=True, blank=True)
    colour = models.CharField(max_length=16, blank=True)
    codec = models.CharField(max_length=32, blank=True)
    frame_rate = models.FloatField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "connected_accounts_media"
        ordering = ("position",)
        verbose_name = _("media")
        verbose_name_plural = _("media")
        constraints = (
            models.UniqueConstraint(fields=("post", "position"), name="connected_accounts_media_position"),
        )

    def __str__(self) -> str:
        return self.original_name or str(self.id)


class Rendition(models.Model):
    """What is sent instead of a picture on one platform, with one kind of post."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    media = models.ForeignKey(PostMedia, on_delete=models.CASCADE, related_name="renditions", db_index=False)
    platform = models.CharField(max_length=32)
    post_kind = models.CharField(max_length=16)
    file = models.FileField(storage=media_storage, upload_to=FOLDER, max_length=255, db_index=True)
    kind = models.CharField(max_length=8)
    mime = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    colour = models.CharField(max_length=16, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "connected_accounts_rendition"
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        constraints = (
            models.UniqueConstraint(
                fields=("media", "platform", "post_kind"), name="connected_accounts_one_rendition"
            ),
        )

    def __str__(self) -> str:
        return f"{self.media_id} {self.platform}"


class Publication(Leased):
    """One post on one account: its way to being live, and where it is then."""

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        SENDING = "sending", _("Publishing")
        WAITING = "waiting", _("Processing on the platform")
        PUBLISHED = "published", _("Published")
        HANDED_OVER = "handed_over", _("In the inbox there, not published")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Check needed")
        MISSED = "missed", _("Missed")
        HELD = "held", _("On hold")
        CANCELLED = "cancelled", _("Cancelled")
        DELETED = "deleted", _("Deleted on the platform")

    OPEN: ClassVar[frozenset[str]] = frozenset(
        {Status.SCHEDULED, Status.SENDING, Status.WAITING, Status.HELD}
    )
    UNDER_WAY: ClassVar[frozenset[str]] = frozenset({Status.SENDING, Status.WAITING})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Both are the first column of an index below.
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="publications", db_index=False)
    account = models.ForeignKey(
        ConnectedAccount, on_delete=models.CASCADE, related_name="publications", db_index=False
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.SCHEDULED)
    due_at = models.DateTimeField()
    zone = models.CharField(max_length=64, default="UTC")
    """The IANA zone in which the author chose the time."""
    wall_time = models.CharField(max_length=32, blank=True, default="", editable=False)
    """What the clocks of that zone show at ``due_at``, in ISO 8601; "" where "now" was chosen."""
    fold = models.PositiveSmallIntegerField(default=0, editable=False)
    """1 where the clocks show that time twice and the later is meant."""

    deadline_at = models.DateTimeField(editable=False)
    """After this it is not sent any more but "missed"."""
    run_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When a runner should look at it next; None once nothing remains to be done."""
    turn_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When it is its turn among the late ones of its account; one before `due_at` is of an earlier time."""
    generation = models.PositiveIntegerField(default=1, editable=False)
    """Grows when a person decides to post again."""
    step = models.PositiveIntegerField(default=0, editable=False)
    """How many steps this generation has finished."""
    checkpoint = EncryptedJSONField(
        label="connected_accounts.publication.checkpoint",
        binding=("id",),
        null=True,
        blank=True,
        default=None,
    )
    """Where the provider left off, None before the first step."""
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When its first step began after it was due, None before; how late that was tells how it goes."""
    repeatable = models.BooleanField(default=True, editable=False)
    """Whether the next step may be run again when its outcome was lost."""
    intent_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Since when a step has been under way, None between steps. Set after its lease ended, it is open."""
    remedy = models.CharField(max_length=32, blank=True, default="", editable=False)
    """The class of error with which a step in doubt was answered; "" where no answer came."""
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    """How often in a row the current step did not happen, or could not be settled."""
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    """Hash of the content that `checkpoint` was made from."""

    steps = models.JSONField(default=list, blank=True, editable=False)
    """What came of the steps since the last event about it; the next one takes them along."""

    remote_id = ExactCharField(max_length=191, blank=True, default="", db_index=True)
    permalink = models.URLField(max_length=2000, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=64, blank=True)
    """Why it is in this status: see `codes.CODES`."""
    detail = models.CharField(max_length=255, blank=True)
    platform_code = models.CharField(max_length=64, blank=True)
    trace_id = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "connected_accounts_publication"
        ordering = ("created_at", "id")
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = (
            models.UniqueConstraint(fields=("post", "account"), name="connected_accounts_one_per_account"),
            models.CheckConstraint(
                condition=~models.Q(status="published") | ~models.Q(remote_id=""),
                name="connected_accounts_published_has_id",
            ),
        )
        indexes = (
            models.Index(fields=("run_at",), name="connected_accounts_due"),
            models.Index(fields=("account", "status"), name="connected_accounts_waiting"),
            models.Index(fields=("account", "lease_until"), name="connected_accounts_under_way"),
            models.Index(fields=("account", "due_at"), name="connected_accounts_calendar"),
            models.Index(fields=("status", "updated_at"), name="connected_accounts_status"),
        )

    taken_at: float | None = None
    """No column: when this process took it up, by its monotonic clock."""
    near_cap: bool = True
    """No column: whether its account may have published nearly as much as the platform allows in a day."""
    as_read: Mapping[str, Any] = {}
    """No column: what the database has of it, as far as this process read or wrote it (`services.rows`)."""

    def __str__(self) -> str:
        return f"{self.post_id} {self.status}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it. A new one that is scheduled is taken up at its time, whoever wrote it."""
        if self._state.adding and self.status == self.Status.SCHEDULED and self.run_at is None:
            self.run_at = self.due_at
        super().save(*args, **kwargs)

    @property
    def in_doubt(self) -> bool:
        """Whether a step that must not be repeated has been begun and its outcome is not known."""
        return self.intent_at is not None and not self.repeatable
