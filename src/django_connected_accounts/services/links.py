"""Addresses that come from outside and end up in a page's ``href`` or ``src``."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2000
LONGEST_ID = 191


def web_link(address: str) -> str:
    """Return the address if it leads to the web and can be kept, "" if not."""
    address = address.strip()
    try:
        parts = urlsplit(address)
        leads = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return address if leads and address.isprintable() and len(address) <= LONGEST else ""


def remote_id_of(link: str) -> str:
    """Return what stands for the id of a post of which nothing but its link is known."""
    return link[-LONGEST_ID:]
