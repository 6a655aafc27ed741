"""What people choose or tell beside writing: accounts, a link, a filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from django_connected_accounts import registry
from django_connected_accounts.models import ConnectedAccount, Publication
from django_connected_accounts.services.connecting import Candidate
from django_connected_accounts.services.health import handle

from .coded import Form

if TYPE_CHECKING:
    _ModelChoiceField = forms.ModelChoiceField[ConnectedAccount]
else:
    _ModelChoiceField = forms.ModelChoiceField


class ChooseForm(Form):
    """Which of the accounts a consent gave access to are to be connected."""

    codes = {("accounts", "required"): "nothing_chosen", ("accounts", "invalid_choice"): "unknown_choice"}

    accounts = forms.MultipleChoiceField(label=_("Accounts"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, candidates: Iterable[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = list(candidates)
        field = self.fields["accounts"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101
        field.choices = [(candidate.account_id, candidate.username) for candidate in self.candidates]

    @property
    def offers(self) -> bool:
        """Whether there is anything to tick."""
        return any(not candidate.unusable and not candidate.connected for candidate in self.candidates)

    @property
    def chosen(self) -> set[str]:
        """Ids that are ticked."""
        return set(self["accounts"].value() or ())


class LinkForm(Form):
    """Where a post can be seen."""

    permalink = forms.URLField(label=_("Link to the post"), max_length=2000, assume_scheme="https")


class AccountField(_ModelChoiceField):
    """An account, called as people call it."""

    def label_from_instance(self, account: Any) -> str:
        return f"{handle(account)} · {registry.name(account.platform)}"


class FilterForm(forms.Form):
    """Which posts to list."""

    account = AccountField(
        ConnectedAccount.objects.none(), label=_("Account"), required=False, empty_label=_("All accounts")
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("Any status")), ("draft", _("Draft")), *Publication.Status.choices],
    )

    def __init__(self, *args: Any, accounts: QuerySet[ConnectedAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["account"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = accounts
