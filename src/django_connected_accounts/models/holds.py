from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .accounts import ConnectedAccount


class Hold(models.Model):
    """A platform takes no more for a while: of one account, or of this site's app with all its accounts.

    Publications that meet it wait until then; `services.budgets` writes it.
    """

    key = models.CharField(max_length=64, primary_key=True)
    """Whose it is: an account's id, or a platform's and its API version's."""
    platform = models.CharField(max_length=32)
    account = models.ForeignKey(
        ConnectedAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="holds"
    )
    """None where it is the app's."""
    code = models.CharField(max_length=64)
    """Why: see `codes.CODES`."""
    detail = models.CharField(max_length=255, blank=True)
    percent = models.FloatField(null=True, blank=True)
    """How much of the budget the platform said is spent, None where it did not say."""
    since = models.DateTimeField()
    """When it began; the same while one hold follows the other."""
    until = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "connected_accounts_hold"
        ordering = ("until", "key")
        verbose_name = _("hold")
        verbose_name_plural = _("holds")

    def __str__(self) -> str:
        return f"{self.key} {self.code}"
