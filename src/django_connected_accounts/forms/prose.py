"""Fields for what people write, a line or many."""

from __future__ import annotations

from typing import Any

from django import forms

from .coded import refusal


class ProseField(forms.CharField):
    """A text as it is written, with line breaks as everything but browsers has them."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
        super().__init__(required=False, strip=False, widget=widget, **options)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class LinksField(forms.CharField):
    """Addresses, one per line."""

    widget = forms.Textarea(attrs={"rows": 2, "dir": "ltr"})

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return (super().to_python(value) or "").split()


class TagsField(forms.CharField):
    """People in a picture: a line for each, with how far they are from left and top in percent."""

    widget = forms.Textarea(attrs={"rows": 2, "dir": "ltr"})

    def to_python(self, value: Any) -> list[dict[str, Any]]:  # type: ignore[override]
        lines = [line.replace(",", " ").replace("%", " ").split() for line in (value or "").splitlines()]
        return [_tag(words) for words in lines if words]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(_line, value)) if isinstance(value, list) else value


def _tag(words: list[str]) -> dict[str, Any]:
    name, *place = words
    try:
        numbers = [round(float(number) / 100, 4) for number in place]
    except ValueError:
        raise refusal("user_tags_invalid") from None
    if len(numbers) not in (0, 2):
        raise refusal("user_tags_invalid")
    return {"username": name.removeprefix("@"), **dict(zip("xy", numbers, strict=False))}


def _line(tag: dict[str, Any]) -> str:
    place = [f"{tag[axis] * 100:g}" for axis in "xy" if tag.get(axis) is not None]
    return " ".join([str(tag.get("username", "")), *place])
