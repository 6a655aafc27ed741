from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.services import composing, publishing
from django_connected_accounts.urls import urlpatterns
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor

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


def test_headings_go_down_a_level_at_a_time(
    browser: Browser, visitor: Visitor, account: ConnectedAccount, picture: Callable[..., Any]
) -> None:
    draft = composing.compose(visitor.user, text="Bread", media=[composing.NewMedia(file=picture())])
    later = publishing.publish(account, text="Cake", media=[picture()], at=timezone.now() + timedelta(days=1))
    pages = [browser.page(name) for name in ("accounts", "connect-any", "posts", "queue", "compose")]
    pages += [browser.page("account", account.pk), browser.page("post", later.post_id)]
    pages += [browser.page(name, draft.pk, account=str(account.pk)) for name in ("post", "post-confirm")]
    for page in pages:
        levels = [int(level) for level in re.findall(r"<h([1-6])", page.content.decode())]
        assert levels[0] == 1
        assert all(below - above <= 1 for above, below in itertools.pairwise(levels)), levels


def test_the_direction_follows_the_language(browser: Browser) -> None:
    assert 'dir="ltr"' in browser.page("accounts").content.decode()
    answer = browser.get("/connected-accounts/", headers={"accept-language": "ar"})
    assert 'dir="rtl"' in answer.content.decode()
