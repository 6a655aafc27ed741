from .accounts import ConnectedAccount, ConnectionAttempt, Revocation
from .holds import Hold
from .posts import Post, PostMedia, Publication, Rendition
from .records import Event, Measurement
from .recurrences import Series
from .runners import Runner
from .webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ConnectedAccount",
    "ConnectionAttempt",
    "Event",
    "Hold",
    "Measurement",
    "Post",
    "PostMedia",
    "Publication",
    "Rendition",
    "Revocation",
    "Runner",
    "Series",
    "WebhookDelivery",
    "WebhookEndpoint",
]
