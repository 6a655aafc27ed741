"""Threads holds to what every provider must hold to."""

from __future__ import annotations

from django_connected_accounts.providers.threads import Threads
from django_connected_accounts.testing import ProviderContract, SandboxRemote


class ThreadsRemote(SandboxRemote):
    platform, person = "threads", "shop"


class TestThreads(ProviderContract):
    provider_class, remote_class = Threads, ThreadsRemote
