"""What only decoding libraries can tell of a film: told where they are there, "not checked" where not."""

from __future__ import annotations

import io

import pytest

from django_connected_accounts.sandbox import samples
from django_connected_accounts.services import codecs
from django_connected_accounts.services.media import probe

av = pytest.importorskip("av")


def film(container: str, codec: str, rate: int = 30, frames: int = 45) -> io.BytesIO:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for _ in range(frames):
            file.mux(stream.encode(av.VideoFrame(128, 96, "yuv420p")))
        file.mux(stream.encode())
    return out


@pytest.mark.parametrize(
    ("container", "encoder", "mime", "codec"),
    [
        ("mp4", "libx264", "video/mp4", "h264"),
        ("mov", "mpeg4", "video/quicktime", "mpeg4"),
        ("webm", "libvpx", "video/webm", "vp8"),
        ("avi", "mpeg4", "video/x-msvideo", "mpeg4"),
    ],
)
def test_codec_rate_size_and_length_are_told(container: str, encoder: str, mime: str, codec: str) -> None:
    facts = probe(film(container, encoder))
    assert (facts.mime, facts.codec, facts.frame_rate) == (mime, codec, 30)
    assert (facts.width, facts.height, facts.duration) == (128, 96, pytest.approx(1.5, abs=0.1))


def test_without_the_extra_they_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    content = film("mp4", "libx264")
    monkeypatch.setattr(codecs, "av", None)
    facts = probe(content)
    assert (facts.codec, facts.frame_rate) == ("", None)
    assert (facts.width, facts.duration) == (128, pytest.approx(1.5, abs=0.1))
    assert probe(film("webm", "libvpx")).duration is None


def test_a_film_that_is_only_a_skeleton_is_not_checked_further() -> None:
    assert probe(io.BytesIO(samples.mp4())).duration == 5


def test_no_film_makes_the_reader_open_anything_else() -> None:
    playlist = b"\x00\x00\x00\x18ftypisom" + b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret\n"
    assert codecs.read(io.BytesIO(playlist), "video/mp4") == {}
    assert codecs.read(io.BytesIO(b"#EXTM3U\nhttp://127.0.0.1:9/"), "video/webm") == {}
