"""The social platforms, simulated: real host names as routes, state that lasts, trouble on demand.

``python -m django_connected_accounts.sandbox`` serves it; `SandboxAdapter` answers in process. See
docs/reference/sandbox.md.
"""

from .app import Sandbox
from .faults import ConnectionLost, Fault
from .platform import Member, Platform, Post
from .server import Server, serving
from .transport import URL, SandboxAdapter
from .world import World, in_process

__all__ = [
    "URL",
    "ConnectionLost",
    "Fault",
    "Member",
    "Platform",
    "Post",
    "Sandbox",
    "SandboxAdapter",
    "Server",
    "World",
    "in_process",
    "serving",
]
