"""What the errors of a platform call for: its codes are tables of these."""

from __future__ import annotations

from typing import Any, NamedTuple

from django_connected_accounts.exceptions import ProviderError, RateLimited, Unavailable


class Meaning(NamedTuple):
    """The class of an error, our code for it, and how many seconds to wait where nobody says.

    One that is not ``certain`` has been seen although the call it answered took effect.
    """

    error: type[ProviderError]
    code: str
    wait: float = 0.0
    certain: bool = True

    def raised(self, *, wait: float | None = None, **known: Any) -> ProviderError:
        """Return the error; ``wait`` is what the platform said of when to come back."""
        if self.error in (RateLimited, Unavailable) and (wait or self.wait):
            known["retry_after"] = wait or self.wait
        return self.error(self.code, **known)
