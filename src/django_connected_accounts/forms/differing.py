"""What is to be different on one account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.exceptions import ConnectedAccountsError, InvalidRequest
from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.providers.types import Option, Problem
from django_connected_accounts.services.composing import NewMedia, again

from .coded import Form
from .options import chosen_options, option_field, option_value
from .posting import FilesField
from .prose import ProseField


class DifferingForm(Form):
    """What one account says differently; a field left empty is as for all accounts."""

    places = {"media": "uploads"}

    text = ProseField(label=_("Text"), rows=4)
    first_comment = ProseField(label=_("First comment"), rows=2)
    nothing = forms.MultipleChoiceField(
        label=_("Leave out here"),
        required=False,
        choices=[("text", _("the text")), ("first_comment", _("the first comment"))],
        widget=forms.CheckboxSelectMultiple,
    )
    kind = forms.ChoiceField(label=_("Kind of post"), required=False)
    pictures = forms.MultipleChoiceField(
        label=_("Pictures and films it gets"), required=False, widget=forms.CheckboxSelectMultiple
    )
    uploads = FilesField(label=_("Other ones, for this account alone"), required=False, allow_empty_file=True)
    reset = forms.BooleanField(
        label=_("Drop all that is said here: as for all accounts again"), required=False
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        account: ConnectedAccount,
        post: Post | None,
        kinds: Sequence[str],
        options: Mapping[str, Option],
        alone: bool = False,
        obstacle: str = "",
    ) -> None:
        """``alone``: its options are chosen for this account only, none is shared.

        ``obstacle`` is the code of why nothing can be posted from it now.
        """
        self.account, self.options = account, options
        self.own: Mapping[str, Any] = post.overrides.get(str(account.pk), {}) if post else {}
        self.rows = _rows(post, self.own) if post else []
        super().__init__(data, files, prefix=f"account-{account.pk}", initial=self._initial(post))
        for name, option in options.items():
            self.fields[f"option_{name}"] = option_field(name, option, kinds=kinds, own=not alone)
        self._choices("kind", [("", _("As for all accounts")), *_named(kinds)])
        self._choices("pictures", [(str(row.pk), row.original_name or row.kind) for row in self.rows])
        if not self.rows:
            del self.fields["pictures"]
        if not self.own:
            del self.fields["reset"]
        self.opened, self.obstacle = alone, obstacle

    @property
    def customised(self) -> bool:
        """Whether anything is different here."""
        return bool(self.own)

    @property
    def option_fields(self) -> list[forms.BoundField]:
        return [self[f"option_{name}"] for name in self.options]

    def content(self) -> dict[str, Any]:
        """Return the override, as `services.composing` takes it."""
        cleaned = self.cleaned_data
        if cleaned.get("reset"):
            return {}
        said = {name: cleaned[name] for name in ("kind", "text", "first_comment") if cleaned[name]}
        said.update(dict.fromkeys(cleaned["nothing"], ""))
        # What this form can't show was said by other means, and stays.
        before = self.own.get("options", {}).items()
        kept = {name: value for name, value in before if value is None or name not in self.options}
        options = {**kept, **chosen_options(cleaned, self.options)}
        if options:
            said["options"] = options
        media = self._media()
        return said if media is None else {**said, "media": media}

    def refuse_for_account(self, error: ConnectedAccountsError, mine: Sequence[Problem], where: str) -> None:
        """Show what an error says of this account, its fields being below ``where``."""
        field = error.field if isinstance(error, InvalidRequest) else ""
        problems = mine or [Problem(code=error.code, field=field, params=error.params)]
        here = [replace(problem, field=problem.field[len(where) + 1 :] or "text") for problem in problems]
        self.refuse(InvalidRequest(problems=here))

    def _media(self) -> list[NewMedia] | None:
        """Return the media it gets; None where nobody chose, so that it goes on getting what all get."""
        uploads = [NewMedia(file=file) for file in self.cleaned_data["uploads"]]
        if "media" not in self.own and "pictures" not in self.changed_data and not uploads:
            return None
        wanted = set(self.cleaned_data.get("pictures", ()))
        # What is uploaded for it comes instead of what all get, unless that was chosen too.
        replaced = bool(uploads) and "media" not in self.own and "pictures" not in self.changed_data
        kept = [] if replaced else [row for row in self.rows if str(row.pk) in wanted]
        if not uploads and kept and {row.pk for row in kept} == {row.pk for row in self.rows if row.shared}:
            return None
        return [*map(again, kept), *uploads]

    def _initial(self, post: Post | None) -> dict[str, Any]:
        options = {f"option_{name}": option_value(v) for name, v in self.own.get("options", {}).items()}
        nothing = [name for name in ("text", "first_comment") if self.own.get(name) == ""]
        shared = [str(row.pk) for row in self.rows if row.shared]
        return {**self.own, **options, "nothing": nothing, "pictures": self.own.get("media", shared)}

    def _choices(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices


def _rows(post: Post, own: Mapping[str, Any]) -> list[PostMedia]:
    """Return the media to choose from: those the account has in its order, then the other shared ones."""
    rows = {str(row.pk): row for row in post.media.all()}
    mine = [rows[key] for key in own.get("media", ()) if key in rows]
    return [*mine, *(row for row in post.shared_media if row not in mine)]


def _named(kinds: Sequence[str]) -> list[tuple[str, Any]]:
    return [(kind, Post.Kind(kind).label) for kind in kinds if kind in Post.Kind.values]
