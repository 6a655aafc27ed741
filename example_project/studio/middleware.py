from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse


class DemoLogin:
    """Logs every visitor in as the demo user. There only with DEBUG and on the sandbox."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not (settings.DEBUG and settings.CONNECTED_ACCOUNTS_SANDBOX):
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            user, _ = get_user_model().objects.get_or_create(
                username="demo", defaults={"is_staff": True, "is_superuser": True}
            )
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return self.get_response(request)
