"""The sandbox's HTML pages, from its own templates; no setting of a host project plays a part."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.template import Context, Engine


def page(template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return a page that nobody caches."""
    html = _engine().get_template(template).render(Context(context, use_l10n=False))
    response = HttpResponse(html, status=status)
    response["Cache-Control"] = "no-store"
    return response


@functools.cache
def _engine() -> Engine:
    return Engine(dirs=[str(Path(__file__).parent / "templates")])
