"""Documents are told by their bytes, whatever they are called."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from django_connected_accounts.exceptions import InvalidRequest
from django_connected_accounts.models import ConnectedAccount
from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import composing, documents
from django_connected_accounts.services.composing import NewMedia
from django_connected_accounts.services.media import probe


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in ("[Content_Types].xml", *names):
            file.writestr(name, "<xml/>")
    return out.getvalue()


def compound(stream: str) -> bytes:
    return documents.COMPOUND + bytes(1016) + stream.encode("utf-16-le") + bytes(512)


@pytest.mark.parametrize(
    ("content", "mime", "extension"),
    [
        (samples.pdf(), documents.PDF, "pdf"),
        (archive("word/document.xml"), documents.WORD_XML, "docx"),
        (archive("ppt/presentation.xml", "ppt/slides/slide1.xml"), documents.SLIDES_XML, "pptx"),
        (compound("WordDocument"), documents.WORD, "doc"),
        (compound("PowerPoint Document"), documents.SLIDES, "ppt"),
        (
            documents.COMPOUND + bytes(documents.BLOCK - 20) + "WordDocument".encode("utf-16-le"),
            documents.WORD,
            "doc",
        ),
    ],
)
def test_documents_are_known_by_their_bytes(content: bytes, mime: str, extension: str) -> None:
    facts = probe(io.BytesIO(content))
    assert (facts.kind, facts.mime, facts.extension, facts.size) == (
        "document",
        mime,
        extension,
        len(content),
    )


@pytest.mark.parametrize(
    "content",
    [archive("xl/workbook.xml"), archive(), samples.pdf()[:400], b"PK\x03\x04", compound("Workbook")],
    ids=["sheet", "archive", "cut off", "head", "old sheet"],
)
def test_what_no_platform_takes_is_none(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="media_format_unknown"):
        probe(io.BytesIO(content))


def test_an_endless_list_of_files_is_not_read() -> None:
    content = bytearray(archive("word/document.xml"))
    last = content.rfind(b"PK\x05\x06")
    content[last + 12 : last + 16] = (documents.LARGEST_CONTENTS + 1).to_bytes(4, "little")
    assert not documents.mime(io.BytesIO(bytes(content)), bytes(content[:16]))


@settings(max_examples=60, deadline=None)
@given(
    content=st.sampled_from([archive("word/document.xml"), compound("WordDocument"), samples.pdf()]),
    at=st.integers(0, 4000),
    damage=st.binary(max_size=40),
)
def test_any_damage_is_survived(content: bytes, at: int, damage: bytes) -> None:
    damaged = content[:at] + damage + content[at + len(damage) :]
    assert documents.mime(io.BytesIO(damaged), damaged[:16]) in {
        "",
        *documents.PARTS.values(),
        documents.PDF,
        documents.WORD,
        documents.SLIDES,
    }


@pytest.mark.django_db
def test_a_document_is_sent_under_the_name_its_author_gave_it(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    user = get_user_model().objects.create_user("ada")
    linkedin, instagram = (
        ConnectedAccount.objects.create(user=user, platform=name, account_id="1")
        for name in ("linkedin", "instagram")
    )
    menu = NewMedia(file=SimpleUploadedFile("Summer menu.pdf", samples.pdf()))
    post = composing.compose(user, text="What we bake", media=[menu], accounts=[linkedin, instagram])
    draft = composing.draft(post, linkedin)
    assert (draft.kind, draft.media[0].name, draft.media[0].kind) == (
        "document",
        "Summer menu.pdf",
        "document",
    )
    found = composing.problems(post, [linkedin, instagram])
    assert [p.code for p in found[linkedin.pk] if p.severity == "error" and p.field != "accounts"] == []
    assert "kind_unknown" in [problem.code for problem in found[instagram.pk]]
