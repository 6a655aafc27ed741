"""Send a film to a platform that takes bytes, and print by how many bytes memory grew at most.

``python -m tests.providers.uploading tiktok video 1000000000``. The platform is the sandbox, but for what
takes the bytes: that counts and forgets them. It is a process of its own, as only of a whole process it is
known how much memory was ever in use.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from typing import Any

import django
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from django_connected_accounts.providers.facebook import steps as facebook
from django_connected_accounts.providers.twitter import steps as twitter
from django_connected_accounts.providers.types import Draft, Media, Pending

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django_connected_accounts.testing import answer  # noqa: E402
from tests.providers.test_remedies import CHOICES, Account  # noqa: E402

PIECES = {"facebook": facebook.PIECE, "twitter": twitter.SEGMENT}
ADDRESSES: Mapping[str, tuple[str, str]] = {
    "tiktok": ("PUT", "open-upload.tiktokapis.com"),
    "linkedin": ("PUT", "www.linkedin.com/dms-uploads"),
    "twitter": ("POST", "/append"),
    "facebook": ("POST", "/videos"),
    "facebook reel": ("POST", "rupload.facebook.com"),
}
"""How each platform is sent bytes."""


class Forgetful(BaseAdapter):
    """Takes the bytes, as the platform would, and passes on all other calls."""

    def __init__(self, adapter: BaseAdapter, platform: str, kind: str, size: int) -> None:
        super().__init__()
        self.adapter, self.size, self.sent = adapter, size, 0
        self.platform = platform
        self.method, self.address = ADDRESSES.get(f"{platform} {kind}") or ADDRESSES[platform]

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        begins = self.platform == "facebook" and b"upload_phase=start" in _start(request)
        if request.method != self.method or self.address not in str(request.url) or begins:
            return self.adapter.send(request, *args, **kwargs)
        body: Any = request.body
        taken = len(body) if isinstance(body, bytes) else sum(map(len, body))
        if "multipart" in request.headers.get("Content-Type", ""):
            taken = min(PIECES[self.platform], self.size - self.sent)
        self.sent += taken
        return answer(request, *self._said(request))

    def close(self) -> None:
        self.adapter.close()

    def _said(self, request: PreparedRequest) -> tuple[int, bytes, Mapping[str, str]]:
        if self.platform == "tiktok":
            stored = {"Content-Range": f"bytes 0-{self.sent - 1}/{self.size}"}
            return (201 if self.sent == self.size else 206), b"", stored
        if self.platform == "linkedin":
            return 200, b"", {"ETag": f'"{self.sent}"'}
        wanted = f'{{"success": true, "start_offset": "{self.sent}", "end_offset": "{self.size}"}}'
        return 200, wanted.encode(), {}


def _start(request: PreparedRequest) -> bytes:
    body = request.body
    return body.encode() if isinstance(body, str) else body[:2000] if isinstance(body, bytes) else b""


def main(platform: str, kind: Any, size: int) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(size)
        account = Account(platform)
        media = Media(
            kind="video", mime="video/mp4", size=size, duration=10.0, open=partial(open, file.name, "rb")
        )
        draft = Draft(kind=kind, text="Large", media=(media,), options=CHOICES.get(platform, {}))
        network = Forgetful(account.adapter, platform, kind, size)
        provider, checkpoint, before = account.reached_by(network), None, _most()
        while network.sent < size:
            outcome = provider.publish(account.connection, draft, checkpoint)
            assert isinstance(outcome, Pending)
            checkpoint = outcome.checkpoint
        sys.stdout.write(str(_most() - before))


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
