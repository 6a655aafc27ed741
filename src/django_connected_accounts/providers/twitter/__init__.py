"""X, formerly Twitter: https://docs.x.com/x-api."""

from .client import TwitterAPIClient
from .provider import Twitter

__all__ = ["Twitter", "TwitterAPIClient"]
