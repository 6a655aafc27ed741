"""Only addresses of the web get into links."""

from __future__ import annotations

import pytest

from django_connected_accounts.services.links import web_link


def test_addresses_of_the_web_are_kept() -> None:
    for address in ("https://www.instagram.com/p/x/", "http://127.0.0.1:8765/p/x?y=z#a"):
        assert web_link(f" {address}\n") == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt://x/%0aalert(1)",
        "data:text/html,x",
        "//evil.example/",
        "https:///path",
        "http://[",
        "https://a.example/\x00",
        "https://a.example/" + "x" * 2000,
    ],
)
def test_no_others_are(address: str) -> None:
    assert web_link(address) == ""
