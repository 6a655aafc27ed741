"""Serve the sandbox: ``python -m django_connected_accounts.sandbox --port 8765``."""

from __future__ import annotations

import argparse
import errno
import importlib
import secrets
import signal
import sys
from collections.abc import Sequence

from .platform import Platform
from .server import Server
from .world import World

PORT_TAKEN = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m django_connected_accounts.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765, help="0 takes any free one (default: 8765)")
    parser.add_argument(
        "--seed", help="make ids and tokens the same in every run (default: new ones each time)"
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        type=_platform,
        metavar="PACKAGE.MODULE.CLASS",
        help="play this platform too; may be given several times",
    )
    options = parser.parse_args(arguments)
    world = World(seed=options.seed or secrets.token_hex(8), platforms=options.platform)
    try:
        server = Server(world, options.host, options.port)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"can't be opened ({error.strerror})"
        sys.stderr.write(f"Port {options.port} on {options.host} {reason}. Try another with --port.\n")
        return PORT_TAKEN
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with server:
        sys.stdout.write(f"Sandbox, not the real platforms: {server.url}/\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stdout.write("Stopped.\n")
    return 0


def _platform(path: str) -> type[Platform]:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path}: {error}") from None
    if not (isinstance(found, type) and issubclass(found, Platform)):
        raise argparse.ArgumentTypeError(f"{path} is no Platform")
    return found


if __name__ == "__main__":
    sys.exit(main())
