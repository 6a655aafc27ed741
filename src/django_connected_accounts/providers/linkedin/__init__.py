"""LinkedIn: https://learn.microsoft.com/linkedin/marketing/community-management."""

from .provider import LinkedIn

__all__ = ["LinkedIn"]
