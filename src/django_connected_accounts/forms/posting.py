"""What a post is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from django_connected_accounts.models import ConnectedAccount, Post, PostMedia
from django_connected_accounts.services.options import Group

from .coded import Form
from .options import chosen_options, option_field
from .prose import LinksField, ProseField, TagsField
from .times import TimeForm


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; empty ones are let through, for the service to say why they won't do."""

    widget = FilesInput(attrs={"accept": "image/*,video/*,.pdf,.doc,.docx,.ppt,.pptx"})

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
    text = ProseField(label=_("Text"), rows=7)
    uploads = FilesField(
        label=_("Pictures, films or a document"),
        required=False,
        allow_empty_file=True,
        help_text=_("In the order of the post. You can choose several; the order can be changed afterwards."),
    )
    links = LinksField(
        label=_("Or links to them"),
        required=False,
        help_text=_(
            "One per line, straight to the file. They are fetched when you save, and follow the files."
        ),
    )
    alt_texts = ProseField(
        label=_("What they show, for those who can't see them"),
        rows=2,
        help_text=_("One line per file or link, in the same order."),
    )
    kind = forms.ChoiceField(
        label=_("Kind of post"),
        required=False,
        choices=[("", _("Automatic: from what is in it")), *Post.Kind.choices],
    )
    first_comment = ProseField(label=_("First comment"), rows=2)

    field_order = ("accounts", "text", "uploads", "links", "alt_texts", "kind", "first_comment")

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        accounts: QuerySet[ConnectedAccount],
        options: Sequence[Group] = (),
        timed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, files, **kwargs)
        chosen = self.fields["accounts"]
        assert isinstance(chosen, forms.ModelMultipleChoiceField)  # noqa: S101
        chosen.queryset = accounts
        self.fields["at"].required = timed
        self.fields["zone"].required = timed
        self.groups = options
        self.options = {name: option for group in options for name, option in group.options.items()}
        for group in options:
            every = {kind for option in group.options.values() for kind in option.kinds}
            for name, option in group.options.items():
                self.fields[f"option_{name}"] = option_field(name, option, kinds=every)

    @property
    def option_groups(self) -> list[tuple[Group, list[forms.BoundField]]]:
        """The fields of the platforms' own options, by which platforms have them."""
        return [(group, [self[f"option_{name}"] for name in group.options]) for group in self.groups]

    @property
    def has_more(self) -> bool:
        """Whether anything beyond the usual is filled in, or refused."""
        more = [self["kind"], self["first_comment"], *(self[f"option_{name}"] for name in self.options)]
        return any(_is_said(field.value()) or field.errors for field in more)

    def content(self) -> dict[str, Any]:
        """Return what `services.composing` takes, but the media."""
        cleaned = self.cleaned_data
        return {
            "kind": cleaned["kind"],
            "text": cleaned["text"],
            "first_comment": cleaned["first_comment"],
            "options": chosen_options(cleaned, self.options),
        }


def _is_said(value: Any) -> bool:
    """Say whether a field holds anything; one of several parts holds a list."""
    return any(value) if isinstance(value, list) else value not in (None, "")


class MediaForm(Form):
    """What can be changed about a picture or film that is in a post."""

    position = forms.IntegerField(label=_("Place"), min_value=1, max_value=99)
    alt_text = ProseField(label=_("What it shows, for those who can't see it"), rows=2)
    user_tags = TagsField(
        label=_("People in it"),
        required=False,
        help_text=_("One per line: the name, then how far from left and from top in percent: anna 50 30"),
    )
    fit = forms.ChoiceField(label=_("Make it fit"), required=False, choices=PostMedia.Fit.choices)
    cover = forms.FileField(
        label=_("Cover picture"), required=False, widget=forms.FileInput(attrs={"accept": "image/*"})
    )
    remove = forms.BooleanField(label=_("Remove it"), required=False)

    def __init__(self, data: Any = None, files: Any = None, *, media: PostMedia) -> None:
        same = {name: getattr(media, name) for name in ("alt_text", "fit", "user_tags")}
        initial = {"position": media.position + 1, **same}
        super().__init__(data, files, prefix=f"media-{media.pk}", initial=initial)
        self.media_row = media
        if media.kind != "image":
            del self.fields["fit"]
        if media.kind != "video":
            del self.fields["cover"]
