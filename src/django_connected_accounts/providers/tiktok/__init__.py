"""TikTok: https://developers.tiktok.com/doc/content-posting-api-get-started."""

from .provider import TikTok

__all__ = ["TikTok"]
