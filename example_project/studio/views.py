from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from django_connected_accounts.access import access


def home(request: HttpRequest) -> HttpResponse:
    """The first page of the demo: where to go, and what has been done already."""
    context = {
        "accounts": access().accounts(request.user).count(),
        "posts": access().posts(request.user).count(),
        "sandbox": settings.CONNECTED_ACCOUNTS_SANDBOX,
    }
    return render(request, "studio/home.html", context)


def no_icon(request: HttpRequest) -> HttpResponse:
    """What browsers ask for unbidden."""
    return HttpResponse(status=204)
