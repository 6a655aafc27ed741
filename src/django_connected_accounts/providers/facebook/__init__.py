"""Facebook Pages: https://developers.facebook.com/docs/pages-api."""

from .client import FacebookAPIClient
from .pages import Facebook

__all__ = ["Facebook", "FacebookAPIClient"]
