"""Documents that somebody wrote: whatever they hold, they are read, or told to be wrong, and nothing hangs."""

from datetime import date
from pathlib import Path

import pytest

from conformance.contract.written import MOST, parsed, text_of


def bomb(levels: int, width: int) -> str:
    """A document in which each level stands for many of the one before."""
    rows = ["a0: &a0 [x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels + 1)]
    return "\n".join(rows)


def test_an_alias_stands_for_what_was_written() -> None:
    text = "day: &day 2027-01-31\nrows: [{until: *day, <<: &rest {a: 1}}, {<<: *rest, until: *day}]"
    day = date(2027, 1, 31)
    assert parsed(text) == {"day": day, "rows": [{"a": 1, "until": day}] * 2}
    assert len(parsed(bomb(3, 9))["a3"]) == 9
    assert len(parsed("[1" + ", 1" * MOST + "]")) == MOST + 1, "what is written out is not counted"


WRONG = {
    "a: &a [*a]": "the alias 'a' stands for itself, or for more",
    "version: 1\nviolations: &a [*a]": "the alias 'a' stands for itself",
    "a: &a {<<: *a}": "the alias 'a' stands for itself",
    "a: &a\n  b: [{c: *a}]": "the alias 'a' stands for itself",
    bomb(9, 9): "stands for itself, or for more than can be read; write it out",
    "a: 1\na: 2": "'a' occurs twice",
    "[" * 5000: "it is nested too deeply",
    "a: 1" + "0" * 400: "a number beyond all measure",
    "a: -0x" + "f" * 5000: "a number beyond all measure",
    "a: [": "expected the node content",
    "a: *b": "found undefined alias",
    "a: 2026-02-30": "day is out of range",
}


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_cannot_be_read_is_told_in_one_line(number: int) -> None:
    text, told = list(WRONG.items())[number]
    with pytest.raises(ValueError, match=told.split()[0]) as error:
        parsed(text)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_no_more_of_a_file_is_read_than_it_can_hold(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes("\ufeffä: 1".encode())
    assert text_of(file) == text_of(file, 8) == "ä: 1"
    with pytest.raises(ValueError, match="it is larger than 7 bytes"):
        text_of(file, 7)
    file.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="it is not UTF-8"):
        text_of(file)
    if Path("/dev/zero").exists():
        with pytest.raises(ValueError, match="it is larger than"):
            text_of(Path("/dev/zero"))
