"""The digest chain: any line that was changed, left out, repeated or moved is noticed; each line fits its schema."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from conformance._paths import SCHEMAS
from conformance.evidence.chain import START, sealed, unsealed
from conformance.evidence.follow import read_run
from conformance.evidence.journal import JournalError
from conformance.proof.runs import judged

Lines = Sequence[bytes]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a small run against the reference endpoint."""
    folder = tmp_path_factory.mktemp("chain")
    assert judged("myrouter", folder, only=("RESP-003", "REQ-021")).code in {0, 6}
    return folder / "journal.jsonl"


def test_every_line_of_a_run_fits_the_schema(journal: Path) -> None:
    schema = json.loads((SCHEMAS / "json" / "journal.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    rows = [json.loads(line) for line in journal.read_bytes().splitlines()]
    assert [row["record"] for row in rows if not validator.is_valid(row)] == []
    assert {"header", "plan", "exchange", "done", "sent", "footer"} <= {row["record"] for row in rows}
    assert not validator.is_valid({**rows[0], "more": 1}) and not validator.is_valid({**rows[-1], "holding": ["NONE"]})


def test_a_line_follows_only_from_the_one_before() -> None:
    first, digest = sealed({"record": "done", "probe": "\u00e9"}, START)
    assert unsealed(first, START) == digest and unsealed(first, digest) is None
    assert unsealed(first.replace("\\u00e9", "e"), START) is None
    second, other = sealed({"record": "done", "probe": "\u00e9"}, digest)
    assert other != digest and unsealed(second, digest) == other


CHANGES: dict[str, Callable[[Lines], Lines]] = {
    "a line left out": lambda lines: [*lines[:3], *lines[4:]],
    "a line repeated": lambda lines: [*lines[:4], *lines[3:]],
    "two lines exchanged": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "the first line left out": lambda lines: lines[1:],
    "a digit changed": lambda lines: [line.replace(b'"seq":', b'"seq":1') for line in lines],
    "white space added": lambda lines: [lines[0].replace(b",", b", ", 1), *lines[1:]],
    "a digest in capitals": lambda lines: [lines[0][:-67] + lines[0][-67:].upper(), *lines[1:]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_lines_is_noticed(change: str, journal: Path, tmp_path: Path) -> None:
    doctored = tmp_path / "journal.jsonl"
    lines = journal.read_bytes().splitlines()
    changed = CHANGES[change](lines)
    assert list(changed) != lines
    doctored.write_bytes(b"\n".join([*changed, b""]))
    with pytest.raises(JournalError, match=r"line \d+ does not follow from the line before"):
        read_run(doctored)
