"""What the measuring scripts share: the page that they write, and the streams that they read."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from _page import write_section
from _streams import KINDS, body, chunks

from conformance.wire.sse import decode_chunks


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for heading, about in [("One", "first"), ("Two", "second"), ("One", "third")]:
        write_section(heading, about, ["| a |", "|---|"], page)
    assert page.read_text() == "# Performance\n\n## One\n\nthird\n\n| a |\n|---|\n\n## Two\n\nsecond\n\n| a |\n|---|\n"


def test_headings_inside_a_section_go_with_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Performance\n\n## One\n\nold\n\n### Part\n\n## Two\n\nkept\n")
    write_section("One", "new", [], page)
    assert page.read_text() == "# Performance\n\n## One\n\nnew\n\n## Two\n\nkept\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_whole_in_its_pieces(kind: str) -> None:
    data = body(kind, 2_000)
    pieces = chunks(data)
    decoded = decode_chunks(pieces)
    assert b"".join(pieces) == data and len(pieces) > 20
    assert len(decoded.events) >= 2_005 and not decoded.malformations and decoded.tail is None
