"""What needs the visitor, each with one next step."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.services import notices

from .page import Page


class Notices(Page):
    """All that needs the visitor, newest first."""

    template_name = "connected_accounts/notices.html"
    section = "notices"

    def get(self, request: HttpRequest) -> HttpResponse:
        found = notices.visible_to(request.user)
        page = Paginator(found, settings.CONNECTED_ACCOUNTS_PAGE_SIZE).get_page(request.GET.get("page"))
        return self.show(page_obj=page, notices=[notices.Notice(event) for event in page])


class Dismiss(Page):
    """Take one out of the list."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            notices.dismiss(request.user, pk)
        except InvalidRequest:
            raise Http404 from None
        return redirect("connected_accounts:notices")
