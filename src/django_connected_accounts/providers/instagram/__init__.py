"""Instagram, by both of its logins: https://developers.facebook.com/docs/instagram-platform."""

from .client import InstagramAPIClient
from .provider import Instagram, InstagramLogin

__all__ = ["Instagram", "InstagramAPIClient", "InstagramLogin"]
