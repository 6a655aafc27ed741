"""The admin: everything but secrets, to look at; what the services write is not changed here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import registry
from .codes import explain
from .fields import EncryptedJSONField, EncryptedTextField
from .models import (
    ConnectedAccount,
    ConnectionAttempt,
    Event,
    Hold,
    Measurement,
    Post,
    PostMedia,
    Publication,
    Rendition,
    Revocation,
    Runner,
    Series,
    WebhookDelivery,
    WebhookEndpoint,
)
from .services import endpoints
from .services.health import naming

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _ModelAdmin, _TabularInline = admin.ModelAdmin, admin.TabularInline


class ReadOnly(_ModelAdmin):
    """Shows every field that holds no secret; changes none. Deleting follows the user's permissions."""

    hidden: tuple[str, ...] = ("lease_token", "lease_until")
    shown: tuple[str, ...] = ()
    """What is shown above the fields."""
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        names = [field.name for field in self.model._meta.concrete_fields]
        return [*self.shown, *(name for name in names if name not in {*self.hidden, *self._secrets()})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*self._secrets())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def _secrets(self) -> list[str]:
        encrypted = (EncryptedTextField, EncryptedJSONField)
        return [field.name for field in self.model._meta.concrete_fields if isinstance(field, encrypted)]


@admin.register(ConnectedAccount)
class ConnectedAccountAdmin(ReadOnly):
    shown = ("reason",)
    list_display = ("__str__", "user", "platform", "health", "health_code", "token_expires_at", "created_at")
    list_filter = ("platform", "health", "is_verified")
    list_select_related = ("user",)
    search_fields = ("username", "display_name", "account_id")
    date_hierarchy = "created_at"

    @admin.display(description=_("reason"))
    def reason(self, obj: ConnectedAccount) -> str:
        return _explained(obj.health_code, obj)


@admin.register(ConnectionAttempt)
class ConnectionAttemptAdmin(ReadOnly):
    hidden = ("state_hash", "browser_hash")
    list_display = ("id", "user", "platform", "status", "code", "created_at", "ended_at")
    list_filter = ("platform", "status", "code")
    list_select_related = ("user",)
    search_fields = ("code",)


@admin.register(Revocation)
class RevocationAdmin(ReadOnly):
    list_display = ("name", "platform", "attempts", "run_at", "created_at")
    list_filter = ("platform",)
    search_fields = ("name", "remote_account_id")


class PostMediaInline(_TabularInline):
    model = PostMedia
    fields = readonly_fields = ("position", "original_name", "kind", "mime", "size", "width", "height", "fit")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Post)
class PostAdmin(ReadOnly):
    list_display = ("__str__", "user", "kind", "review", "created_at")
    list_filter = ("kind", "review")
    list_select_related = ("user",)
    search_fields = ("text",)
    inlines = (PostMediaInline,)


@admin.register(Series)
class SeriesAdmin(ReadOnly):
    list_display = ("post", "rule", "starts", "zone", "status", "ends_at")
    list_filter = ("status",)
    list_select_related = ("post",)


@admin.register(PostMedia)
class PostMediaAdmin(ReadOnly):
    list_display = ("__str__", "post", "position", "kind", "mime", "size")
    list_filter = ("kind", "mime")
    list_select_related = ("post",)
    search_fields = ("original_name", "sha256")


@admin.register(Rendition)
class RenditionAdmin(ReadOnly):
    list_display = ("__str__", "media", "platform", "post_kind", "mime", "size")
    list_filter = ("platform", "post_kind")
    list_select_related = ("media",)
    search_fields = ("sha256",)


class TimelineInline(_TabularInline):
    """What was tried with a publication, and what came of each try."""

    model = Event
    verbose_name_plural = _("timeline")
    fields = readonly_fields = ("at", "verb", "code", "actor", "told")
    ordering = ("at", "id")
    extra = 0
    can_delete = False

    @admin.display(description=_("details"))
    def told(self, obj: Event) -> str:
        known = {name: fact for name, fact in obj.data.items() if fact not in ("", None) and name != "steps"}
        return ", ".join(f"{name}: {fact}" for name, fact in known.items())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Publication)
class PublicationAdmin(ReadOnly):
    shown = ("reason",)
    list_display = ("id", "post", "account", "status", "code", "due_at", "run_at", "published_at")
    list_filter = ("status", "code", "account__platform")
    list_select_related = ("post", "account")
    search_fields = ("remote_id", "permalink", "trace_id")
    inlines = (TimelineInline,)

    @admin.display(description=_("reason"))
    def reason(self, obj: Publication) -> str:
        return _explained(obj.code, obj.account)


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("at", "verb", "code", "actor", "account", "publication")
    list_filter = ("verb", "code")
    list_select_related = ("actor", "account", "publication")
    date_hierarchy = "at"


@admin.register(Measurement)
class MeasurementAdmin(ReadOnly):
    list_display = ("name", "value", "at", "account", "publication")
    list_filter = ("name",)
    list_select_related = ("account", "publication")


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    shown = ("reason",)
    list_display = ("key", "platform", "account", "code", "percent", "since", "until")
    list_filter = ("platform", "code")
    list_select_related = ("account",)

    @admin.display(description=_("reason"))
    def reason(self, obj: Hold) -> str:
        return _explained(obj.code, obj.account, obj.platform)


@admin.register(Runner)
class RunnerAdmin(ReadOnly):
    list_display = ("name", "began_at", "seen_at")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly):
    list_display = ("url", "user", "failures", "failing_since", "stopped_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("url",)
    actions = ("replay", "switch_on")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("connected_accounts.change_webhookendpoint")

    @admin.action(
        permissions=("operate",), description=_("Tell it again, with what it did not take for three days")
    )
    def replay(self, request: HttpRequest, queryset: Any) -> None:
        since = timezone.now() - timedelta(days=3)
        told = sum(endpoints.replay(endpoint, since=since) for endpoint in queryset.select_related("user"))
        self.message_user(request, _("Events that are told once more: %(count)s.") % {"count": told})

    @admin.action(permissions=("operate",), description=_("Tell it again, from now on"))
    def switch_on(self, request: HttpRequest, queryset: Any) -> None:
        for endpoint in queryset:
            endpoints.switch_on(endpoint)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    list_display = ("created_at", "endpoint", "event", "state", "attempts", "status", "error", "tried_at")
    list_filter = ("state", "status")
    list_select_related = ("endpoint", "event")
    date_hierarchy = "created_at"


def _explained(code: str, account: ConnectedAccount | None, platform: str = "") -> str:
    """Return a code in the words of pages, API and e-mails, "" without one."""
    if not code:
        return ""
    meaning = explain(code, naming(account) if account else {"platform": registry.name(platform)})
    return f"{meaning.cause} {meaning.action}"
