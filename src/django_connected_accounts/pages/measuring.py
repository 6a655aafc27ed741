"""How long a text is on each platform, while it is being written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from .page import Page, uuids
from .picking import connected
from .preview import measures


class Measure(Page):
    """A piece of the composer: the texts it was sent, counted as the platforms of the chosen accounts do."""

    http_method_names = ("post",)
    template_name = "connected_accounts/parts/measures.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = connected(request).filter(pk__in=uuids(request.POST.getlist("accounts")))
        text = request.POST.get("text", "")
        own = {pk: request.POST.get(f"account-{pk}-text") for pk in chosen.values_list("pk", flat=True)}
        found = [(account.platform, own[account.pk] or text) for account in chosen]
        lines = [(platform, words.replace("\r\n", "\n")) for platform, words in found]
        return self.show(measures=measures(lines))
