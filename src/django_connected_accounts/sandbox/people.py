"""The people who live in the sandbox, with their Pages, portfolios and Instagram accounts. All are invented.

Their ids follow from their names, so an account connected yesterday is the same account today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .ids import digits

ALL_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MODERATE", "MESSAGING", "MANAGE")
READ_ONLY_TASKS = ("ANALYZE",)


@dataclass(slots=True, kw_only=True)
class InstagramAccount:
    """An Instagram account; only BUSINESS and MEDIA_CREATOR can be connected by any API."""

    username: str
    name: str
    account_type: str = "BUSINESS"
    biography: str = ""
    website: str = ""
    followers_count: int = 120
    follows_count: int = 14
    quota_total: int = 50
    containers_a_day: int = 400
    id: str = ""
    scoped_id: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or digits(f"instagram:{self.username}", prefix="17841", length=17)
        self.scoped_id = self.scoped_id or digits(f"scoped:{self.username}", prefix="26", length=17)

    @property
    def professional(self) -> bool:
        return self.account_type != "PERSONAL"


@dataclass(slots=True, kw_only=True)
class Business:
    """A business portfolio."""

    name: str
    id: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or digits(f"business:{self.name}", prefix="9", length=15)


@dataclass(slots=True, kw_only=True)
class Page:
    """A Facebook Page as one person sees it; ``held_as`` says how a portfolio holds it."""

    name: str
    instagram: InstagramAccount | None = None
    tasks: Sequence[str] = ALL_TASKS
    business: Business | None = None
    held_as: str = "owned"
    located: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or digits(f"page:{self.name}", prefix="1", length=15)

    @property
    def username(self) -> str:
        return self.name.replace(" ", "").lower()

    @property
    def followers_count(self) -> int:
        return int(self.id) % 5000

    @property
    def can_create(self) -> bool:
        """Whether this person may publish with it."""
        wanted = {"MANAGE", "CREATE_CONTENT", "PROFILE_PLUS_FULL_CONTROL", "PROFILE_PLUS_CREATE_CONTENT"}
        return bool(wanted.intersection(self.tasks))


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody who can log in; ``instagram`` is the account they have on Instagram Login."""

    key: str
    name: str
    about: str
    pages: Sequence[Page] = ()
    instagram: InstagramAccount | None = None
    on_facebook: bool = True
    id: str = field(default="")

    def __post_init__(self) -> None:
        self.id = self.id or digits(f"person:{self.key}", prefix="1", length=16)

    @property
    def businesses(self) -> list[Business]:
        return list({p.business.id: p.business for p in self.pages if p.business}.values())

    def accounts(self) -> list[InstagramAccount]:
        """Every Instagram account this person can act for."""
        linked = [p.instagram for p in self.pages if p.instagram]
        return linked + ([self.instagram] if self.instagram else [])


def seed() -> dict[str, Person]:
    """Return fresh people by key."""
    people = (
        Person(
            key="two_businesses",
            name="Owner of Bakery Nord",
            about="Two Pages, each with an Instagram business account",
            pages=(
                Page(
                    name="Bakery Nord",
                    instagram=InstagramAccount(
                        username="bakery.nord",
                        name="Bakery Nord",
                        biography="Bread before sunrise.",
                        website="https://bakery-nord.example",
                        followers_count=1840,
                    ),
                    located=True,
                ),
                Page(
                    name="Coffee Nord",
                    instagram=InstagramAccount(
                        username="coffee.nord", name="Coffee Nord", followers_count=612
                    ),
                ),
            ),
        ),
        Person(
            key="no_instagram",
            name="Owner of Harbour Bicycles",
            about="One Page, no Instagram account linked to it",
            pages=(Page(name="Harbour Bicycles"),),
        ),
        Person(
            key="personal",
            name="Hobby photographer",
            about="A personal Instagram account, which no API can connect",
            pages=(Page(name="Weekend Photographs"),),
            instagram=InstagramAccount(
                username="weekend.photographs",
                name="Weekend Photographs",
                account_type="PERSONAL",
                followers_count=41,
            ),
        ),
        Person(
            key="portfolio",
            name="Manager at Meadow Group",
            about="Pages held by a business portfolio: hidden unless business_management is granted",
            pages=_portfolio_pages(),
        ),
        Person(
            key="many_pages",
            name="Agency Paperline",
            about="130 Pages: some without Instagram, some without the task to publish",
            pages=tuple(_branch(number) for number in range(1, 131)),
        ),
        Person(
            key="no_tasks",
            name="Analyst at Lantern Books",
            about="May read the Page's numbers but not publish with it",
            pages=(
                Page(
                    name="Lantern Books",
                    instagram=InstagramAccount(username="lantern.books", name="Lantern Books"),
                    tasks=READ_ONLY_TASKS,
                ),
            ),
        ),
        Person(
            key="shop",
            name="Owner of Juniper Shop",
            about="One Instagram business account, no Facebook Page",
            instagram=InstagramAccount(
                username="juniper.shop",
                name="Juniper Shop",
                biography="Small things, well made.",
                website="https://juniper-shop.example",
                followers_count=530,
            ),
            on_facebook=False,
        ),
        Person(
            key="creator",
            name="Studio Linden",
            about="One Instagram creator account, no Facebook Page",
            instagram=InstagramAccount(
                username="studio.linden",
                name="Studio Linden",
                account_type="MEDIA_CREATOR",
                followers_count=9120,
            ),
            on_facebook=False,
        ),
    )
    return {person.key: person for person in people}


def _portfolio_pages() -> tuple[Page, ...]:
    group = Business(name="Meadow Group")
    return (
        Page(
            name="Meadow Flowers",
            instagram=InstagramAccount(username="meadow.flowers", name="Meadow Flowers"),
            business=group,
        ),
        Page(
            name="Orchard Juices",
            instagram=InstagramAccount(username="orchard.juices", name="Orchard Juices"),
            tasks=("PROFILE_PLUS_CREATE_CONTENT", "PROFILE_PLUS_ANALYZE"),
            business=group,
            held_as="client",
        ),
    )


def _branch(number: int) -> Page:
    account = InstagramAccount(
        username=f"paperline.{number:03}", name=f"Paperline {number:03}", followers_count=number
    )
    return Page(
        name=f"Paperline Branch {number:03}",
        instagram=None if number % 10 == 0 else account,
        tasks=READ_ONLY_TASKS if number % 7 == 0 else ALL_TASKS,
    )
