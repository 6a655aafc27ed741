from .accounts import ConnectedAccount, ConnectionAttempt, Revocation
from .posts import Post, PostMedia, Publication
from .records import Event, Measurement

__all__ = [
    "ConnectedAccount",
    "ConnectionAttempt",
    "Event",
    "Measurement",
    "Post",
    "PostMedia",
    "Publication",
    "Revocation",
]
