"""Secrets of a development machine: made on first use, kept out of the repository."""

import base64
import os
from pathlib import Path


def kept_secret(path: Path) -> str:
    """Return the secret in this file, 32 random bytes in url-safe base64; the first to ask makes it."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    if not path.exists():
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
