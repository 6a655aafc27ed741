"""Threads: https://developers.facebook.com/docs/threads."""

from .provider import Threads

__all__ = ["Threads"]
