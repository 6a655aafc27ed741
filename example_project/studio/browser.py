"""A browser without a screen: it follows redirects, keeps cookies and sends forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

Field = tuple[str, str]


@dataclass
class Form:
    """``fields`` is what it sends when nobody touches it, ``choices`` its boxes and named buttons."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    choices: list[Field] = field(default_factory=list)


class Browser:
    """Opens pages and sends their forms; ``url`` and ``html`` are those of the page it is on."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.url = self.html = ""

    def open(self, url: str) -> None:
        """Go to this page, or wherever it redirects to."""
        self._arrive(self.session.get(urljoin(self.url, url), timeout=30))

    def send(self, *values: str, **typed: str) -> None:
        """Send the first form by POST that offers these values: tick these boxes, press these buttons.

        ``typed`` is written into its fields; a form that has no such field is not the one meant.
        """
        for form in _forms(self.html):
            chosen = [choice for choice in form.choices if choice[1] in values]
            offers = {value for _, value in chosen} == set(values)
            asks = {name for name, _ in form.fields} >= set(typed)
            if form.method == "post" and offers and asks:
                kept = [(name, value) for name, value in form.fields if name not in typed]
                fields = [*kept, *typed.items(), *(choice for choice in chosen if choice not in kept)]
                self._arrive(self.session.post(urljoin(self.url, form.action), data=fields, timeout=30))
                return
        raise LookupError(f"{self.url} has no form that offers {', '.join(values) or 'anything'}")

    def _arrive(self, response: requests.Response) -> None:
        response.raise_for_status()
        self.url, self.html = response.url, response.text


def _forms(html: str) -> list[Form]:
    reader = _Reader()
    reader.feed(html)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag in ("input", "button") and self.forms and given.get("name") and "disabled" not in given:
            name_and_value = given["name"], given.get("value", "")
            if tag == "button" or given.get("type") in ("checkbox", "radio", "submit"):
                self.forms[-1].choices.append(name_and_value)
            if tag == "input" and (
                given.get("type") not in ("checkbox", "radio", "submit") or "checked" in given
            ):
                self.forms[-1].fields.append(name_and_value)
