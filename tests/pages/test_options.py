"""What platforms let an author choose, on the composer's page."""

from __future__ import annotations

import re
from typing import Any

from django_connected_accounts import registry
from django_connected_accounts.forms.options import OPTION_LABELS, option_field
from django_connected_accounts.models import ConnectedAccount, Post
from django_connected_accounts.providers.types import Option
from tests.pages.conftest import Browser, text
from tests.visitor import Visitor


def said_to(account: ConnectedAccount) -> dict[str, Any]:
    return {"accounts": [str(account.pk)], "text": "Say it", "zone": "UTC", "do": "check"}


def test_an_option_says_its_kinds_only_where_it_is_not_for_all() -> None:
    option = Option(type="text", kinds=("photo", "reel"), help="Where it was.")
    assert option_field("place", option, kinds=("photo", "reel")).help_text == "Where it was."
    field = option_field("place", option, kinds=("photo", "reel", "story"))
    assert field.help_text == "Where it was. (Photo, Reel)"


def test_what_is_not_chosen_is_not_called_the_platforms_choice(browser: Browser, visitor: Visitor) -> None:
    account = visitor.connects("shop", "tiktok")
    browser.send("compose", **said_to(account))
    said = text(browser.page("post-edit", Post.objects.get().pk, account=str(account.pk)))
    assert "Who may see it Not chosen" in said
    assert "People may comment No" in said


def test_an_option_whose_parts_are_not_known_is_empty_until_something_is_written() -> None:
    field = option_field("poll", Option(type="object", kinds=("text",), help="Its parts"))
    assert field.prepare_value(None) == ""
    assert field.prepare_value({"question": "Rye?"}) == '{"question": "Rye?"}'
    assert field.clean("") is None


def test_every_option_of_a_platform_is_called_as_people_call_it() -> None:
    for platform in registry.BUILT_IN:
        options = getattr(registry.class_of(platform), "options", {})
        parts = {part for option in options.values() for part in option.parts}
        assert {*options, *parts} <= {*OPTION_LABELS}, platform


def test_a_poll_is_written_in_fields_of_its_own(browser: Browser, visitor: Visitor) -> None:
    account = visitor.connects("shop", "linkedin")
    choices = {"option_poll.question": "Rye?", "option_poll.options": "Yes, please\nNo, thanks"}
    browser.send("compose", **said_to(account), **choices, **{"option_poll.duration": "SEVEN_DAYS"})
    post = Post.objects.get()
    said = {"question": "Rye?", "options": ["Yes, please", "No, thanks"], "duration": "SEVEN_DAYS"}
    assert post.options["poll"] == said
    markup = browser.page("post-edit", post.pk).content.decode()
    assert "Yes, please\nNo, thanks</textarea>" in markup
    assert '<option value="SEVEN_DAYS" selected>A week</option>' in markup
    assert '<label for="id_option_poll_0">Question</label>' in markup


def test_no_field_is_taken_for_another_with_all_platforms_on_one_page(
    browser: Browser, visitor: Visitor
) -> None:
    for platform in ("linkedin", "threads", "twitter"):
        visitor.connects("shop", platform)
    markup = browser.page("compose").content.decode()
    names = re.findall(r'<(?:textarea|select|input)[^>]* name="(option_[^"]+)"', markup)
    assert {"option_poll.options", "option_poll_options"} <= {*names}
    assert len(names) == len(set(names))


def test_a_poll_of_which_a_part_is_missing_is_refused_beside_it(browser: Browser, visitor: Visitor) -> None:
    account = visitor.connects("shop", "linkedin")
    browser.send("compose", **said_to(account), **{"option_poll.question": "Rye?"})
    said = text(browser.page("post", Post.objects.get().pk, account=str(account.pk)))
    assert "“Poll”" in said
    assert "option_invalid" in said
