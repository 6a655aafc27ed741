"""What platforms fetch: exactly the file a link was signed for, for whoever has the link, while it lasts."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.services import serving

STATUS = {"media_link_expired": 410, "media_link_invalid": 404}


@login_not_required
@require_safe
def media(request: HttpRequest, signed: str, name: str) -> HttpResponseBase:
    """Answer a signed link with its file; ``name`` is there because some platforms look at the ending."""
    try:
        opened = serving.opened(signed)
    except InvalidRequest as error:
        return HttpResponse(status=STATUS[error.code], content_type="text/plain")
    response: HttpResponseBase
    if request.method == "HEAD":
        opened.file.close()
        response = HttpResponse(content_type=opened.mime)
    else:
        response = FileResponse(opened.file, content_type=opened.mime)
    response.headers["Content-Length"] = str(opened.size)
    response.headers["Content-Disposition"] = "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
