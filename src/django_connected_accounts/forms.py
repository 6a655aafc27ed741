"""What people fill in: a post, its media, a time, a choice. Refusals land beside their field."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from .codes import explain
from .exceptions import ConnectedAccountsError, InvalidRequest
from .models import ConnectedAccount, Post, PostMedia, Publication
from .providers.types import Option, Problem
from .services import scheduling
from .services.connecting import Candidate


def refusal(code: str, params: Mapping[str, Any] | None = None) -> forms.ValidationError:
    """Return a coded reason as forms carry it: what happened and what to do."""
    meaning = explain(code, params)
    return forms.ValidationError(f"{meaning.cause} {meaning.action}".strip(), code=code)


class Form(forms.Form):
    """A form that takes what a service refuses."""

    places: Mapping[str, str] = {}
    """Where a problem's field is shown when no field here is called so."""

    codes: Mapping[tuple[str, str], str] = {}
    """By field and Django's code of an error, the code of ours that is told instead."""

    def add_error(self, field: str | None, error: Any) -> None:
        code = self.codes.get((field or "", getattr(error, "code", None) or ""))
        super().add_error(field, refusal(code) if code else error)

    def refuse(self, error: ConnectedAccountsError) -> None:
        """Show every reason of an error, each beside the field it is about."""
        problems: Sequence[Problem] = error.problems if isinstance(error, InvalidRequest) else ()
        field = error.field if isinstance(error, InvalidRequest) else ""
        for problem in problems or [Problem(code=error.code, field=field, params=error.params)]:
            self.add_error(self._place(problem.field), refusal(problem.code, problem.params))

    def _place(self, field: str) -> str | None:
        if field.startswith("options."):
            field = field.replace("options.", "option_", 1)
        top = field.partition(".")[0]
        for name in (field, self.places.get(top), top):
            if name in self.fields:
                return name
        return None


class WallClockField(forms.Field):
    """A date and time as a clock on the wall shows it, without a zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values or isinstance(value, datetime):
            return value or None
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise refusal("invalid_time") from None
        if timezone.is_aware(moment):
            raise refusal("invalid_time")
        return moment


class TimeForm(Form):
    """A time to come, in the zone the author thinks in."""

    codes = {("zone", "invalid_choice"): "unknown_zone"}

    at = WallClockField(label=_("Date and time"))
    zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        initial = {"zone": timezone.get_current_timezone_name(), **(options.pop("initial", None) or {})}
        super().__init__(data, files, initial=initial, **options)
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101
        zone.choices = zone_choices(initial["zone"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("at") and cleaned.get("zone"):
            try:
                scheduling.instant(cleaned["at"], cleaned["zone"])
            except InvalidRequest as error:
                self.refuse(error)
        return cleaned


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; empty ones are let through, for the service to say why they won't do."""

    widget = FilesInput(attrs={"accept": "image/*,video/mp4,video/quicktime"})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, (list, tuple)) else [data]
        return [super(FilesField, self).clean(file) for file in given if file]


class PostForm(TimeForm):
    """What to publish, where, and when."""

    places = {"media": "uploads"}
    codes = {
        **TimeForm.codes,
        ("accounts", "invalid_choice"): "account_not_found",
        ("accounts", "invalid_pk_value"): "account_not_found",
        ("kind", "invalid_choice"): "kind_unknown",
    }

    accounts = forms.ModelMultipleChoiceField(
        ConnectedAccount.objects.none(),
        label=_("Accounts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    text = forms.CharField(
        label=_("Text"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 7, "dir": "auto"})
    )
    uploads = FilesField(
        label=_("Pictures and films"),
        required=False,
        allow_empty_file=True,
        help_text=_("In the order of the post. You can choose several; the order can be changed afterwards."),
    )
    alt_texts = forms.CharField(
        label=_("What they show, for those who can't see them"),
        required=False,
        help_text=_("One line per file, in the same order."),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind of post"),
        required=False,
        choices=[("", _("Automatic: from what is in it")), *Post.Kind.choices],
    )
    first_comment = forms.CharField(
        label=_("First comment"), required=False, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )

    field_order = ("accounts", "text", "uploads", "alt_texts", "kind", "first_comment")

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        accounts: QuerySet[ConnectedAccount],
        options: Mapping[str, Option],
        timed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, files, **kwargs)
        chosen = self.fields["accounts"]
        assert isinstance(chosen, forms.ModelMultipleChoiceField)  # noqa: S101
        chosen.queryset = accounts
        self.fields["at"].required = timed
        self.fields["zone"].required = timed
        self.options = options
        for name, option in options.items():
            self.fields[f"option_{name}"] = option_field(name, option)

    @property
    def option_fields(self) -> list[forms.BoundField]:
        """The fields of the platforms' own options."""
        return [self[f"option_{name}"] for name in self.options]

    @property
    def has_more(self) -> bool:
        """Whether anything beyond the usual is filled in, or refused."""
        more = [self["kind"], self["first_comment"], *self.option_fields]
        return any(field.value() not in (None, "", []) or field.errors for field in more)

    def content(self) -> dict[str, Any]:
        """Return what `services.composing` takes, but the media."""
        cleaned = self.cleaned_data
        options = {name: cleaned[f"option_{name}"] for name in self.options}
        return {
            "kind": cleaned["kind"],
            "text": cleaned["text"],
            "first_comment": cleaned["first_comment"],
            "options": {name: value for name, value in options.items() if value not in (None, "", [])},
        }


class MediaForm(Form):
    """What can be changed about a picture or film that is in a post."""

    position = forms.IntegerField(label=_("Place"), min_value=1, max_value=99)
    alt_text = forms.CharField(
        label=_("What it shows, for those who can't see it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    fit = forms.ChoiceField(label=_("Make it fit"), required=False, choices=PostMedia.Fit.choices)
    cover = forms.FileField(
        label=_("Cover picture"), required=False, widget=forms.FileInput(attrs={"accept": "image/*"})
    )
    remove = forms.BooleanField(label=_("Remove it"), required=False)

    def __init__(self, data: Any = None, files: Any = None, *, media: PostMedia) -> None:
        initial = {"position": media.position + 1, "alt_text": media.alt_text, "fit": media.fit}
        super().__init__(data, files, prefix=f"media-{media.pk}", initial=initial)
        self.media_row = media
        if media.kind == "video":
            del self.fields["fit"]
        else:
            del self.fields["cover"]


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
    def chosen(self) -> set[str]:
        """Ids that are ticked."""
        return set(self["accounts"].value() or ())


class LinkForm(Form):
    """Where a post can be seen."""

    permalink = forms.URLField(label=_("Link to the post"), max_length=2000, assume_scheme="https")


class FilterForm(forms.Form):
    """Which posts to list."""

    account = forms.ModelChoiceField(
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


OPTION_LABELS: Mapping[str, Promise] = {
    "audio_name": _("Name of the sound"),
    "collaborators": _("Co-authors"),
    "is_ai_generated": _("Made with AI"),
    "location_id": _("Location"),
    "share_to_feed": _("Also show in the feed"),
    "thumb_offset": _("Cover from the film"),
}


def option_field(name: str, option: Option) -> forms.Field:
    """Return the form field for an option of a platform."""
    kinds = ", ".join(str(Post.Kind(kind).label) for kind in option.kinds)
    plain: dict[str, Any] = {
        "label": OPTION_LABELS.get(name, capfirst(name.replace("_", " "))),
        "help_text": f"{option.help} ({kinds})",
        "required": False,
    }
    if option.type == "boolean":
        choices = [("", _("As the platform does by itself")), ("true", _("Yes")), ("false", _("No"))]
        return forms.TypedChoiceField(
            choices=choices, coerce=lambda value: value == "true", empty_value=None, **plain
        )
    if option.type == "integer":
        return forms.IntegerField(**plain)
    if option.type == "list":
        return ListField(**plain)
    return forms.CharField(**plain)


class ListField(forms.CharField):
    """Several words, with commas or line breaks between them."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        words = value if isinstance(value, list) else (value or "").replace("\n", ",").split(",")
        return [word.strip() for word in words if word.strip()]

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, (list, tuple)) else value


def zone_choices(current: str) -> list[tuple[str, Any]]:
    """Return the zones people choose from, the current one first, then by region."""
    return [(current, current.replace("_", " ")), *_zones()]


@cache
def _zones() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    regions: dict[str, list[tuple[str, str]]] = {"UTC": [("UTC", "UTC")]}
    for name in sorted(zoneinfo.available_timezones()):
        region, slash, place = name.partition("/")
        if slash and region not in ("Etc", "SystemV", "US", "posix", "right"):
            regions.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return tuple((region, tuple(places)) for region, places in regions.items())
