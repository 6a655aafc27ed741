"""What a project mounts: ``path("connected-accounts/", include("django_connected_accounts.urls"))``."""

from __future__ import annotations

from django.urls import path

from .pages import (
    accounts,
    composer,
    connect,
    deciding,
    differing,
    measuring,
    media,
    notices,
    posts,
    queue,
    series,
)
from .webhooks import views as webhooks

app_name = "connected_accounts"

urlpatterns = [
    path("", accounts.Accounts.as_view(), name="accounts"),
    path("accounts/<uuid:pk>/", accounts.Account.as_view(), name="account"),
    path("accounts/<uuid:pk>/reconnect/", connect.Reconnect.as_view(), name="account-reconnect"),
    path(
        "accounts/<uuid:pk>/disconnect/confirm/",
        accounts.ConfirmDisconnect.as_view(),
        name="account-confirm-disconnect",
    ),
    *(
        path(f"accounts/<uuid:pk>/{verb}/", accounts.Act.as_view(verb=verb), name=f"account-{verb}")
        for verb in accounts.VERBS
    ),
    path("connect/", connect.Connect.as_view(), name="connect-any"),
    path("connect/<str:platform>/", connect.ConnectPlatform.as_view(), name="connect"),
    path("callback/<str:platform>/", connect.Callback.as_view(), name="callback"),
    path("attempts/<uuid:pk>/", connect.Attempt.as_view(), name="attempt"),
    path("attempts/<uuid:pk>/choose/", connect.Choose.as_view(), name="attempt-choose"),
    path("notices/", notices.Notices.as_view(), name="notices"),
    path("notices/<uuid:pk>/dismiss/", notices.Dismiss.as_view(), name="notice-dismiss"),
    path("queue/", queue.Queue.as_view(), name="queue"),
    path("posts/<uuid:pk>/repeat/", series.Repeat.as_view(), name="post-repeat"),
    path("series/<uuid:pk>/", series.Overview.as_view(), name="series"),
    path("series/<uuid:pk>/change/", series.Change.as_view(), name="series-change"),
    *(
        path(f"series/<uuid:pk>/{verb}/", series.Act.as_view(verb=verb), name=f"series-{verb}")
        for verb in series.VERBS
    ),
    path("posts/", posts.Posts.as_view(), name="posts"),
    path("posts/new/", composer.Composer.as_view(), name="compose"),
    path("posts/measure/", measuring.Measure.as_view(), name="compose-measure"),
    path("posts/<uuid:pk>/", posts.PostPage.as_view(), name="post"),
    path("posts/<uuid:pk>/edit/", composer.Composer.as_view(), name="post-edit"),
    path("posts/<uuid:pk>/differ/", differing.Differ.as_view(), name="post-differ"),
    path("posts/<uuid:pk>/fix/", deciding.Fix.as_view(), name="post-fix"),
    path("posts/<uuid:pk>/confirm/", deciding.Confirm.as_view(), name="post-confirm"),
    path("posts/<uuid:pk>/retry/", deciding.RetryFailed.as_view(), name="post-retry"),
    path("posts/<uuid:pk>/publish/", deciding.Publish.as_view(), name="post-publish"),
    *(
        path(f"publications/<uuid:pk>/{verb}/", deciding.Act.as_view(verb=verb), name=f"publication-{verb}")
        for verb in deciding.VERBS
    ),
    path("media/<str:signed>/<str:name>", media.media, name="media"),
    path("webhooks/<str:platform>/", webhooks.notifications, name="webhook"),
    path("webhooks/<str:platform>/deauthorize/", webhooks.deauthorize, name="webhook-deauthorize"),
    path("webhooks/<str:platform>/deletion/", webhooks.delete_data, name="webhook-deletion"),
    path("deletion/<str:code>/", webhooks.deletion, name="deletion"),
]
