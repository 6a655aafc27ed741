"""The main job in a real browser: a strict content security policy, a phone's width, scripts off and on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from django_connected_accounts import registry
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.sandbox import World
from django_connected_accounts.sandbox.server import serving
from django_connected_accounts.services import publishing

pytestmark = pytest.mark.django_db(transaction=True)

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' http:; media-src 'self'; frame-ancestors 'none'; "
    "script-src 'self'; connect-src 'self'"
)
PHONE = (390, 844)


def strict_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware of a host that allows nothing inline, and nothing from elsewhere but pictures."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return middleware


class Phone:
    """A browser as wide as a phone."""

    def __init__(self, driver: Any, site: str) -> None:
        self.driver, self.site = driver, site

    def opens(self, path: str) -> None:
        self.driver.get(f"{self.site}/connected-accounts/{path}")

    def presses(self, words: str) -> None:
        """Press the button or link that says this, and wait for the page after it."""
        before = self.driver.find_element(By.TAG_NAME, "html")
        named = f"//*[self::a or self::button][contains(normalize-space(.), '{words}')]"
        self.driver.find_element(By.XPATH, named).click()
        WebDriverWait(self.driver, 10).until(lambda _: self._left(before))

    def types(self, name: str, value: str) -> None:
        self.driver.find_element(By.NAME, name).send_keys(value)

    @property
    def says(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    @property
    def overflows(self) -> bool:
        """Whether one must scroll sideways."""
        metrics = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})
        return bool(metrics["cssContentSize"]["width"] > metrics["cssLayoutViewport"]["clientWidth"])

    def _left(self, before: Any) -> bool:
        return bool(self.driver.find_element(By.TAG_NAME, "html") != before)


@pytest.fixture
def site(live_server: Any, settings: Any) -> Iterator[str]:
    """This project over HTTP, with a sandbox over HTTP for the platforms."""
    with serving(World()) as sandbox:
        settings.CONNECTED_ACCOUNTS_SANDBOX = sandbox
        settings.CONNECTED_ACCOUNTS_BASE_URL = live_server.url
        settings.MIDDLEWARE = [f"{__name__}.strict_policy", *settings.MIDDLEWARE]
        registry.reset()
        yield live_server.url
    registry.reset()


@pytest.fixture
def phone(site: str, needs: Callable[[str], str]) -> Iterator[Phone]:
    with opened(site, needs("chromium"), javascript=False) as browser:
        yield browser


@pytest.fixture
def lively_phone(site: str, needs: Callable[[str], str]) -> Iterator[Phone]:
    """One with JavaScript."""
    with opened(site, needs("chromium"), javascript=True) as browser:
        yield browser


@contextmanager
def opened(site: str, chromium: str, *, javascript: bool) -> Iterator[Phone]:
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    setting = {"profile.managed_default_content_settings.javascript": 1 if javascript else 2}
    options.add_experimental_option("prefs", setting)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # Named, so that Selenium asks nobody on the network for one.
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        width, height = PHONE
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(f"{site}/static/connected_accounts/pages.css")
        driver.add_cookie({"name": project.SESSION_COOKIE_NAME, "value": signed_in()})
        yield Phone(driver, site)
    finally:
        driver.quit()


def signed_in() -> str:
    """Return the session of a signed-in user."""
    user = get_user_model().objects.create_user("ada")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = project.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def run() -> None:
    for _ in range(60):
        if not Publication.objects.exclude(run_at=None).exists():
            return
        Publication.objects.exclude(run_at=None).update(run_at=Now(), lease_token="", lease_until=None)
        publishing.tick(limit=1)


def test_connect_choose_compose_publish_and_see_it_live(phone: Phone, tmp_path: Path) -> None:
    Image.new("RGB", (1200, 300), "teal").save(tmp_path / "wide.png")
    phone.opens("")
    assert not phone.overflows
    phone.presses("Connect an account")
    assert not phone.overflows
    phone.presses("Continue to Instagram")
    phone.presses("Owner of Bakery Nord")
    phone.presses("Allow")
    assert "Choose the accounts to connect" in phone.says
    assert "code=" not in phone.driver.current_url
    assert not phone.overflows
    for box in phone.driver.find_elements(By.NAME, "accounts"):
        box.click()
    phone.presses("Connect the chosen accounts")
    assert "2 accounts are connected." in phone.says
    assert not phone.overflows
    assert ConnectedAccount.objects.count() == 2

    phone.opens("posts/new/")
    assert not phone.overflows
    phone.driver.find_element(By.NAME, "accounts").click()
    phone.types("text", "Fresh rye bread from seven.")
    phone.types("uploads", str(tmp_path / "wide.png"))
    phone.presses("Check and preview")
    assert "Can't go out like this" in phone.says
    assert not phone.overflows
    phone.presses("Crop to fit")
    assert "Ready" in phone.says
    phone.presses("Publish now")
    assert "Publish now on 1 account?" in phone.says
    phone.presses("Yes, publish now")
    run()
    phone.opens("posts/")
    assert not phone.overflows
    phone.presses("Fresh rye bread")
    assert "Published" in phone.says
    assert not phone.overflows
    phone.presses("See it on Instagram")
    assert "Fresh rye bread from seven." in phone.says
    assert refusals(phone) == []


def test_declining_leads_to_one_next_step(phone: Phone) -> None:
    phone.opens("connect/instagram/")
    phone.presses("Continue to Instagram")
    phone.presses("Owner of Bakery Nord")
    phone.presses("Cancel")
    assert "You declined" in phone.says
    assert "#_=_" not in phone.driver.current_url
    phone.presses("Start again")
    assert "Bakery Nord" in phone.says


def test_with_javascript_only_what_the_chosen_accounts_need_is_shown_and_texts_are_counted(
    lively_phone: Phone,
) -> None:
    phone = lively_phone
    for platform in ("linkedin", "threads"):
        phone.opens(f"connect/{platform}/")
        phone.presses("Continue to ")
        phone.presses("Owner of Juniper Shop")
        phone.presses("Allow")
    phone.opens("posts/new/")
    phone.driver.find_element(By.XPATH, "//summary[contains(., 'More')]").click()
    assert "No reposts" not in phone.says
    phone.driver.find_element(By.CSS_SELECTOR, "[data-platform=linkedin]").click()
    assert "No reposts" in phone.says
    assert "Disappears after a day" not in phone.says
    phone.types("text", "Rye is back.")
    counted = "12 of 3000 characters as LinkedIn counts."
    WebDriverWait(phone.driver, 10).until(lambda _: counted in phone.says)
    assert not phone.overflows
    assert refusals(phone) == []


def refusals(phone: Phone) -> list[str]:
    """Return what the content security policy forbade on our pages."""
    log = phone.driver.get_log("browser")
    return [line["message"] for line in log if "Content Security Policy" in line["message"]]
