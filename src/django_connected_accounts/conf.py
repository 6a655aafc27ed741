"""Every setting and its default. In a project's settings each is called ``CONNECTED_ACCOUNTS_<NAME>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appconf import AppConf


class ConnectedAccountsConf(AppConf):
    # What a project must set
    ENCRYPTION_KEYS: Sequence[str] = []
    """Url-safe base64 of 32 random bytes each; the first encrypts, all decrypt."""
    PROVIDERS: Mapping[str, Mapping[str, Any]] = {}
    """Provider id to ``CLIENT_ID``, ``CLIENT_SECRET`` and, where wanted, ``CLASS``, ``API_VERSION``,
    ``AUTHORIZE_URL``, ``SCOPES``, ``STEPS``, and ``SANDBOX``: what the sandbox plays for a ``CLASS`` of
    your own."""
    BASE_URL: str = ""
    """Where the public reaches this site ("https://example.com"): callbacks and media links are built on
    it."""

    # Development
    SANDBOX: str = ""
    """Address of a sandbox that stands in for every platform; "in-process" for tests. Never in production."""

    # Encryption
    ENCRYPTION_MIGRATE_FROM: Sequence[str] = ()
    """Old formats still read, of "fernet" and "plaintext"; empty once ``connected_accounts_rotate_keys`` has
    run."""
    ENCRYPTION_KEY_PROVIDER: str = ""
    """Dotted path of a key provider class; "" for the one that reads ``ENCRYPTION_KEYS``."""

    # Who may do what
    ACCESS: str = "django_connected_accounts.access.Access"
    """Dotted path of the class that decides whose accounts and posts a user may use."""
    OWNERSHIP: str = "per_owner"
    """"per_owner": several users may connect the same remote account; "exclusive": only the first."""

    # Connecting
    CAPABILITIES: Sequence[str] = ("connect", "publish", "comment")
    """What consent is asked for; "comment" is for first comments, "measure" for numbers."""
    ATTEMPT_SECONDS: int = 600
    """How long a person may take at the platform."""
    ATTEMPT_KEEP_DAYS: int = 30
    """How long ended attempts are kept."""

    # HTTP to the platforms
    HTTP_CONNECT_TIMEOUT: float = 5.0
    """Seconds to wait for a connection."""
    HTTP_READ_TIMEOUT: float = 60.0
    """Seconds to wait for an answer."""
    HTTP_MAX_BYTES: int = 5 * 1024 * 1024
    """The longest answer that is read."""

    # Webhooks
    WEBHOOK_MAX_BYTES: int = 1024 * 1024
    """The largest delivery that is taken from a platform; Meta sends up to 1000 notifications in one."""

    # Media
    MEDIA_STORAGE: str = "default"
    """Alias in ``STORAGES`` of where media is kept; it need not be public."""
    MEDIA_URL_SECONDS: int = 25 * 60 * 60
    """How long a link made for a platform works; Instagram may fetch for as long as a container lives (24
    h)."""
    MEDIA_MAX_BYTES: int = 300 * 1000 * 1000
    """The largest file that is taken."""
    MEDIA_MAX_PIXELS: int = 64_000_000
    """Width times height of the largest picture that is decoded."""
    MEDIA_IMPORT_PRIVATE: bool = False
    """Whether media may be imported from hosts that are not on the public internet. For tests and trusted
    users only."""

    # Publishing
    LEASE_SECONDS: int = 180
    """How long after a runner died others look after what it was at. It renews its leases while it lives;
    five sixths of one must be more than twice every time-out."""
    FIND_MARGIN_SECONDS: int = 30
    """How long after an unclear outcome we look whether the post is live."""
    LATE_SECONDS: int = 60 * 60
    """How late a post may still go out; later it is "missed"."""
    HOLD_SECONDS: int = 3 * 24 * 60 * 60
    """How long after its time a post waits for a broken account before it is "missed"."""
    SERIES_DAYS: int = 14
    """How many days ahead the occurrences of a repeating post are made, to be seen, changed or cancelled."""
    COLLISION_SECONDS: int = 15 * 60
    """Posts on one account that are less apart get a remark; 0 for none."""
    DUPLICATE_SECONDS: int = 48 * 60 * 60
    """Posts with the same text on one account that are less apart get a remark; 0 for none."""
    POSTS_PER_DAY_ADVISED: int = 0
    """More posts on one account in 24 hours get a remark, where the platform advises no number itself; 0 for
    none."""
    BATCH_SIZE: int = 50
    """How many publications a runner claims at a time."""
    POLL_SECONDS: float = 1.0
    """How long an idle worker waits at most before it looks again; for what is due sooner it wakes up."""
    SPACING_SECONDS: float = 30.0
    """The pause between posts of one account that come later than this, as after an outage; 0 for none."""
    ACCOUNT_STEPS: int = 2
    """How many posts of one account are worked on at the same time, by all runners together; 0 for any
    number."""
    PLATFORM_STEPS: int = 0
    """The same for all accounts of a platform; ``STEPS`` of one in ``PROVIDERS`` replaces it."""
    BUDGET_PERCENT: float = 95.0
    """How much of a platform's budget may be spent before an account, or all, wait until it begins anew."""

    # Numbers
    MEASURE_SECONDS: int = 24 * 60 * 60
    """How often the numbers of an account and its posts are read; 0 for never."""
    MEASURE_POST_DAYS: int = 30
    """For how long after it was published a post's numbers are read."""

    # Notices
    NOTIFY_BY_EMAIL: bool = True
    """Whether the owner of an account, or the author of a post, gets an e-mail when something needs them."""
    OPERATORS: Sequence[str] = ()
    """Addresses that are told what only operators can mend; empty for those of ``MANAGERS`` or ``ADMINS``."""

    # Watching
    ALARM_SECONDS: int = 300
    """How long publications may be due without anybody taking them up before it is an alarm; 0 for never."""

    # Webhooks sent out
    WEBHOOKS_PER_USER: int = 10
    """How many endpoints of their own a user may have told; 0 leaves them to the operators."""
    WEBHOOKS_TO_PRIVATE: bool = False
    """Whether endpoints may be on plain http, and on hosts that are not on the public internet."""
    WEBHOOKS_TIMEOUT: float = 15.0
    """Seconds an endpoint may take for its whole answer."""

    # What `connected_accounts_purge` keeps
    DETAIL_KEEP_DAYS: int = 90
    """How long single tries that came to nothing are kept, renewals and tests of access, and what platforms
    told; 0 for ever."""
    HISTORY_KEEP_DAYS: int = 0
    """How long the rest of the history is kept: who connected, approved, scheduled what, and what became of
    it; 0 for ever."""
    MEASUREMENT_KEEP_DAYS: int = 0
    """How long numbers are kept; 0 for ever."""
    DELIVERY_KEEP_DAYS: int = 30
    """How long it is kept what became of a webhook; 0 for ever."""

    # Pages and API
    PAGE_SIZE: int = 25
    """How many accounts or posts a page of a list shows."""
    API_MAX_PAGE_SIZE: int = 100
    """How many a client of the JSON API may ask for at a time."""

    class Meta:
        prefix = "connected_accounts"
