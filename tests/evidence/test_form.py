"""The form of a journal's lines: what the compiled schema says is what a validator of the whole language says."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from conformance._paths import SCHEMAS
from conformance.evidence.chain import START, sealed
from conformance.evidence.follow import Follower, read_run
from conformance.evidence.form import _FORMATS, _TYPES, _WORDS, fits
from conformance.evidence.journal import JournalError
from conformance.proof.runs import judged

SCHEMA = json.loads((SCHEMAS / "json" / "journal.json").read_text("utf-8"))
VALUES: list[Any] = [None, True, 0, -1, 1.5, 2.0, "", "x", "9" * 64, [], {}, [["a", "b"]], [[1, "b"]], {"base64": ""}]
SAID_OF_IT = {"description", "title", "$schema", "$defs", "contentEncoding"}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The lines of a small run, with those that only others have."""
    folder = tmp_path_factory.mktemp("form")
    judged("myrouter", folder, only=("REQ-021",), reports=False)
    rows = [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().splitlines()]
    more = ({"record": "reduced", "item": "a", "exchange": 1, "flaky": False, "requests": 2},
            {"record": "unsent", "probe": "a", "reason": "b"})  # fmt: skip
    rows[0] |= {"price": {"currency": "USD", "input": 1, "output": 2.5}, "shard": "1/3", "merged": ["0" * 64]}
    return [*rows, *({**row, "chain": "0" * 64} for row in more)]


def _changed(value: Any, draw: Random) -> Any:
    """The value with one part replaced, left out or added."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        key = draw.choice([key for key in value if key != "record"] or list(value))
        if draw.random() < 0.1:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: _changed(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.85:
        place = draw.randrange(len(value))
        return [*value[:place], _changed(value[place], draw), *value[place + 1 :]]
    return draw.choice(VALUES)


def test_it_says_what_a_validator_says(lines: list[dict[str, Any]]) -> None:
    checker = jsonschema.FormatChecker(formats=())
    for name, test in _FORMATS.items():
        checker.checks(name)(lambda value, test=test: not isinstance(value, str) or test(value))
    validators = {
        name: jsonschema.Draft202012Validator(
            {"$defs": SCHEMA["$defs"], **SCHEMA["$defs"][name], "additionalProperties": True}, format_checker=checker
        )
        for name in {row["record"] for row in lines}
    }
    draw, said = Random(3), set()
    for number in range(2500):
        line = draw.choice(lines)
        changed = _changed(line, draw) if number >= len(lines) else lines[number]
        if isinstance(changed, dict) and changed.get("record") == line["record"]:
            valid = validators[line["record"]].is_valid(changed)
            integral = "2.0" in json.dumps(changed)  # an integer to a validator, and nothing that we write
            assert fits(changed) == valid or (integral and valid), changed
            said.add(valid)
    assert said == {True, False}


def _words(schema: Any) -> Iterator[tuple[str, Any]]:
    for word, value in schema.items():
        yield word, value
        if word == "properties":
            for inner in value.values():
                yield from _words(inner)
        for inner in value if isinstance(value, list) else [value]:
            if word in ("items", "additionalProperties", "anyOf", "prefixItems") and isinstance(inner, dict):
                yield from _words(inner)


def test_every_word_of_the_schema_is_known() -> None:
    words = [pair for schema in SCHEMA["$defs"].values() for pair in _words(schema)]
    assert {word for word, _ in words} - SAID_OF_IT - {"$ref"} == set(_WORDS)
    assert {value for word, value in words if word == "format"} == set(_FORMATS)
    types = [value for word, value in words if word == "type"]
    assert {name for row in types for name in ([row] if isinstance(row, str) else row)} == set(_TYPES)
    assert all(len(value) == 2 for word, value in words if word == "prefixItems")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300, -1e300, 10**400])
def test_numbers_are_of_this_world(value: float, lines: list[dict[str, Any]]) -> None:
    line = next(line for line in lines if line["record"] == "exchange")
    assert fits(line)
    assert not fits({**line, "elapsed": value}) and not fits({**line, "seq": value})


def test_lines_of_a_later_version_are_passed_over(lines: list[dict[str, Any]]) -> None:
    assert all(fits({**line, "more": 1}) for line in lines) and fits({"record": "later"})


def test_a_foreign_journal_is_looked_at_and_one_of_this_process_is_not(
    lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    path, digest, texts = tmp_path / "journal.jsonl", START, []
    for line in ({**lines[0], "options": {"model": 3}}, lines[1]):
        text, digest = sealed({key: value for key, value in line.items() if key != "chain"}, digest)
        texts.append(text)
    path.write_text("\n".join([*texts, ""]))
    with pytest.raises(JournalError, match="line 1 is damaged or of another version"):
        read_run(path)
    assert Follower(path).poll()
