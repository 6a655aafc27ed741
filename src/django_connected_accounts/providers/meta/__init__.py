"""What Instagram, Facebook and Threads share: the Graph API, Facebook Login and webhooks.

https://developers.facebook.com/docs/graph-api and https://developers.facebook.com/docs/facebook-login
"""

from .errors import ERRORS, Meaning, meaning_of_subcode
from .graph import API_VERSIONS, CURRENT_VERSION, Graph
from .login import FacebookLogin
from .own_login import OwnLogin
from .publishing import ContainerPublishing, Publishing
from .receiving import MetaReceiving

__all__ = [
    "API_VERSIONS",
    "CURRENT_VERSION",
    "ERRORS",
    "ContainerPublishing",
    "FacebookLogin",
    "Graph",
    "Meaning",
    "MetaReceiving",
    "OwnLogin",
    "Publishing",
    "meaning_of_subcode",
]
