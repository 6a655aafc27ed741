"""Every fault the sandbox knows, in the forms in which platforms show it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

TOMORROW = datetime.now(timezone.utc) + timedelta(days=1)
SLOW = 0.3
"""Seconds, more than a worker of the matrix waits for an answer."""

BUSY = {"error": {"code": 4, "message": "Application request limit reached"}}

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "lost before": {"action": "lose_before"},
    "lost after": {"action": "lose_after"},
    "reset after": {"action": "reset_after"},
    "cut in the middle": {"action": "truncate_body"},
    "later than the time-out": {"action": "delay", "seconds": SLOW},
    "503 before": {"action": "status", "status": 503},
    "500 after": {"action": "status_after", "status": 500},
    "400 after": {"action": "status_after", "status": 400, "body": BUSY},
    "403 after": {"action": "status_after", "status": 403, "body": {}},
    "429 with seconds": {"action": "status", "status": 429, "headers": {"Retry-After": "90"}},
    "429 with a date": {
        "action": "status",
        "status": 429,
        "headers": {"Retry-After": format_datetime(TOMORROW, usegmt=True)},
    },
    "429 without a word": {"action": "status", "status": 429},
    "429 after": {"action": "status_after", "status": 429, "headers": {"Retry-After": "5"}},
    "never finished": {"action": "never_finish"},
    "failed in processing": {"action": "container_error", "subcode": 2207026},
    "expired": {"action": "expire"},
    "down from here on": {"action": "status", "status": 503, "times": 0},
    "silent from here on": {"action": "lose_after", "times": 0},
}
