"""Addresses that come from outside and end up in a page's ``href`` or ``src``."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2000


def web_link(address: str) -> str:
    """Return the address if it leads to the web and can be kept, "" if not."""
    address = address.strip()
    try:
        parts = urlsplit(address)
        leads = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return address if leads and address.isprintable() and len(address) <= LONGEST else ""
