from __future__ import annotations

from pathlib import Path
from typing import Any

from django_connected_accounts.urls import urlpatterns
from tests.pages.conftest import Browser, text

SITE = """<!doctype html><title>{% block title %}{% endblock %}</title>
<body><h6>Our shop</h6>{% block main %}{% endblock %}</body>
"""
OVERRIDE = """{% extends "site.html" %}
{% block main %}{% include "connected_accounts/styles.html" %}{% block content %}{% endblock %}{% endblock %}
"""


def test_a_project_puts_the_pages_into_its_own_base_in_two_lines(
    browser: Browser, tmp_path: Path, settings: Any
) -> None:
    (tmp_path / "connected_accounts").mkdir()
    (tmp_path / "site.html").write_text(SITE)
    (tmp_path / "connected_accounts" / "base.html").write_text(OVERRIDE)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    page = browser.page("accounts")
    assert "Our shop" in text(page)
    assert "Connect an account" in text(page)
    assert "pages.css" in page.content.decode()


def test_no_page_holds_a_transaction_while_it_calls_a_platform() -> None:
    for pattern in urlpatterns:
        if pattern.name not in ("media", "deletion"):
            assert "default" in pattern.callback._non_atomic_requests, pattern.name


def test_pages_have_the_landmarks_that_screen_readers_need(browser: Browser) -> None:
    for name in ("accounts", "connect-any", "posts", "compose"):
        markup = browser.page(name).content.decode()
        assert 'lang="en"' in markup
        assert markup.count("<main") == markup.count("<h1") == 1
        assert 'href="#content"' in markup
        assert 'role="status"' in markup
        assert 'aria-current="true"' in markup
        assert "style=" not in markup
        # What enhances a page comes from this site: a strict policy needs to allow nothing inline.
        assert markup.count("<script") == markup.count('<script src="/static/')


def test_the_direction_follows_the_language(browser: Browser) -> None:
    assert 'dir="ltr"' in browser.page("accounts").content.decode()
    answer = browser.get("/connected-accounts/", headers={"accept-language": "ar"})
    assert 'dir="rtl"' in answer.content.decode()
