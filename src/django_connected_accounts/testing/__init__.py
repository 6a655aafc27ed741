"""For tests of projects and of providers: a contract to pass, a driver, and the sandbox as a fixture.

A provider of your own is tested by three lines::

    class TestMine(ProviderContract):
        provider_class = Mine
        remote_class = MyFakePlatform

A project's tests get the sandbox as a fixture by ``from django_connected_accounts.testing import sandbox`` in
their ``conftest.py``; `connect` gives them an account on it, `publish_everything` publishes without waiting.
"""

import pytest

pytest.register_assert_rewrite(f"{__name__}.contract")

from .contract import ProviderContract  # noqa: E402
from .driving import drive  # noqa: E402
from .fixtures import sandbox  # noqa: E402
from .remotes import Remote, SandboxRemote, sample_draft  # noqa: E402
from .shortcuts import connect, publish_everything  # noqa: E402
from .trouble import TROUBLES, TroubledAdapter, answer  # noqa: E402

__all__ = [
    "TROUBLES",
    "ProviderContract",
    "Remote",
    "SandboxRemote",
    "TroubledAdapter",
    "answer",
    "connect",
    "drive",
    "publish_everything",
    "sample_draft",
    "sandbox",
]
