"""What the tour shows on each platform: who connects, which of their accounts, and what goes out."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from django_connected_accounts.sandbox import samples
from django_connected_accounts.services.composing import NewMedia


@dataclass(frozen=True, kw_only=True)
class Story:
    """One platform's: ``person`` of the sandbox connects, and picks an account by name if they must choose.

    Each of ``posts`` is what `ConnectedAccount.publish` takes.
    """

    person: str = "two_businesses"
    pick: str = ""
    posts: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def drawing(word: str, colour: str) -> ContentFile[bytes]:
    """Return a picture with a word in a circle, as a file."""
    image = Image.new("RGB", (1080, 1080), colour)
    pen = ImageDraw.Draw(image)
    pen.ellipse((190, 190, 890, 890), outline="white", width=12)
    pen.text((540, 540), word, fill="white", anchor="mm", font_size=120)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return ContentFile(out.getvalue(), name=f"{word.lower()}.jpg")


def stories() -> Mapping[str, Story]:
    """Return fresh stories, files and all, by platform."""
    bread, coffee, cake = (
        drawing("Bread", "#8a5a2b"),
        drawing("Coffee", "#3f2a1d"),
        drawing("Cake", "#b5577a"),
    )
    film = ContentFile(samples.mp4(seconds=5), name="bakery.mp4")
    alt = "The word bread in a circle, on brown"
    photo = {
        "text": "Fresh bread before sunrise. #bakery",
        "media": [NewMedia(file=bread, alt_text=alt)],
    }
    three = {"text": "Three things we made today.", "media": [bread, coffee, cake]}
    text = {"text": "We open at seven. Rye is back."}
    reel = {"text": "Five seconds in the bakery.", "media": [film]}
    chosen = {
        "post_mode": "DIRECT_POST",
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "music_usage_consent": True,
    }
    return {
        "instagram": Story(pick="bakery.nord", posts=(photo, three, reel)),
        "instagram_login": Story(person="shop", posts=(photo, three, reel)),
        "facebook": Story(pick="Bakery Nord", posts=(text, photo, three, {**reel, "kind": "video"})),
        "threads": Story(person="shop", posts=(text, photo, three, {**reel, "kind": "video"})),
        "linkedin": Story(person="shop", posts=(text, photo, three, {**reel, "kind": "video"})),
        "twitter": Story(
            person="shop",
            posts=(text, photo, {"text": "A thread about rye.", "options": {"thread": ["And its crust."]}}),
        ),
        "tiktok": Story(
            person="shop",
            posts=(
                {**reel, "kind": "video", "options": chosen},
                {**three, "options": chosen},
            ),
        ),
        "corkle": Story(person="shop", posts=(text, {**photo, "options": {"board": "market"}})),
    }
