"""Which method of which address is answered by what: include it at ``api/connected-accounts/``."""

from __future__ import annotations

from django.urls import path, re_path

from . import (
    accounts,
    attempts,
    measurements,
    notices,
    posts,
    providers,
    publications,
    queue,
    series,
    timeline,
    webhooks,
)
from .envelope import endpoint, nothing
from .idempotency import idempotent

app_name = "connected_accounts_api"

urlpatterns = [
    path("", endpoint(GET=accounts.listing), name="accounts"),
    path("providers/", endpoint(GET=providers.listing), name="providers"),
    path("notices/", endpoint(GET=notices.listing), name="notices"),
    path("notices/<uuid:notice_id>/dismiss", endpoint(POST=notices.dismiss), name="notice-dismiss"),
    path("posts/", endpoint(GET=posts.listing, POST=idempotent(posts.create)), name="posts"),
    path(
        "posts/<uuid:post_id>/",
        endpoint(GET=posts.detail, PATCH=posts.change, DELETE=posts.delete),
        name="post",
    ),
    path(
        "posts/<uuid:post_id>/preview",
        endpoint(GET=posts.preview, POST=posts.preview),
        name="post-preview",
    ),
    *(
        path(f"posts/<uuid:post_id>/{verb}", endpoint(POST=idempotent(act)), name=f"post-{verb}")
        for verb, act in {
            "publish": posts.publish,
            "schedule": posts.schedule,
            "cancel": posts.cancel,
            "retry": posts.retry,
        }.items()
    ),
    path("posts/<uuid:post_id>/repeat", endpoint(POST=idempotent(series.repeat)), name="post-repeat"),
    path("series/", endpoint(GET=series.listing), name="all-series"),
    path("series/<uuid:series_id>/", endpoint(GET=series.detail, PATCH=series.change), name="series"),
    *(
        path(f"series/<uuid:series_id>/{verb}", endpoint(POST=idempotent(act)), name=f"series-{verb}")
        for verb, act in {"pause": series.pause, "resume": series.resume, "end": series.end}.items()
    ),
    path("publications/", endpoint(GET=queue.listing), name="publications"),
    *(
        path(
            f"publications/<uuid:publication_id>/{verb}",
            endpoint(POST=idempotent(act)),
            name=f"publication-{verb}",
        )
        for verb, act in {
            "retry": publications.retry,
            "cancel": publications.cancel,
            "check": publications.check,
            "live": publications.live,
            "again": publications.again,
            "reschedule": publications.reschedule,
            "delete": publications.delete,
        }.items()
    ),
    path("publications/<uuid:publication_id>/timeline", endpoint(GET=timeline.read), name="timeline"),
    path(
        "publications/<uuid:publication_id>/measurements/",
        endpoint(GET=measurements.of_publication, POST=measurements.measure_publication),
        name="publication-measurements",
    ),
    # No idempotency: its answers hold secrets, and are not kept.
    path("webhooks/", endpoint(GET=webhooks.index, POST=webhooks.create), name="webhooks"),
    path(
        "webhooks/<uuid:webhook_id>/",
        endpoint(GET=webhooks.detail, PATCH=webhooks.change, DELETE=webhooks.remove),
        name="webhook",
    ),
    path("webhooks/<uuid:webhook_id>/deliveries", endpoint(GET=webhooks.deliveries), name="deliveries"),
    *(
        path(f"webhooks/<uuid:webhook_id>/{verb}", endpoint(POST=act), name=f"webhook-{verb}")
        for verb, act in {
            "rotate": webhooks.rotate,
            "test": webhooks.test,
            "replay": webhooks.replay,
        }.items()
    ),
    path("attempts/<uuid:attempt_id>/", endpoint(GET=attempts.detail), name="attempt"),
    path("attempts/<uuid:attempt_id>/choose", endpoint(POST=attempts.choose), name="attempt-choose"),
    path(
        "<uuid:account_id>/",
        endpoint(GET=accounts.detail, PATCH=accounts.change, DELETE=accounts.disconnect),
        name="account",
    ),
    *(
        path(f"<uuid:account_id>/{verb}", endpoint(POST=act), name=f"account-{verb}")
        for verb, act in {
            "reconnect": accounts.reconnect,
            "verify": accounts.verify,
            "refresh": accounts.refresh,
        }.items()
    ),
    path("<uuid:account_id>/options", endpoint(GET=providers.of_account), name="account-options"),
    path(
        "<uuid:account_id>/measurements/",
        endpoint(GET=measurements.of_account, POST=measurements.measure_account),
        name="account-measurements",
    ),
    # Beginning and ending a round trip are GETs that do something: no HEAD, which link checkers send.
    path("<slug:platform>/connect", endpoint(GET=attempts.begin, HEAD=None), name="connect"),
    path("<slug:platform>/callback", endpoint(GET=attempts.callback, HEAD=None), name="callback"),
    re_path(r"", nothing, name="nothing"),
]
