"""Whatever a configuration file holds, it is settings or one sentence."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.settings.options import OPTIONS
from conformance.settings.resolve import Settings, UsageError, resolve

GOOD = b"""model = "m"
capability = ["vision", "thinking"]
concurrency = 3
timeout = 2.5
no-auth = true
[limits]
whole = 30
[headers]
X-Tenant = "TENANT"
"""
BROKEN = {
    "levels of lists": b"model = " + b"[" * 100_000,
    "levels of tables": b"model = " + b"{a=" * 20_000,
    "a million digits": b"concurrency = " + b"9" * 1_000_000,
    "a limit of many digits": b"[limits]\nbody = " + b"9" * 5_000,
    "a NUL": b"model = \0",
    "a NUL in a text": b'model = "a\\u0000b"',
    "no UTF-8": b"model = '\xff'",
    "a byte order mark within": b"model = 'x'\n\xef\xbb\xbflevel = 'must'",
    "more than anybody writes": b"#" * 1_000_001,
    "no number": b"timeout = nan",
    "no end": b"timeout = inf",
    "no end of a cost": b"prices = 'p.yaml'\nmax-cost = inf",
    "more than a number holds": b"timeout = 1" + b"0" * 400,
    "a limit without end": b"[limits]\nevents = inf",
    "a limit in parts": b"[limits]\nbody = 1.5",
    "a name twice": b"model = 'a'\nmodel = 'b'",
    "a lone surrogate": b'model = "\\ud800"',
    "a date": b"model = 2020-01-01",
    "a table for a text": b"[model]\na = 1",
    "lists in a list": b"requirement = [[1]]",
    "limits that are none": b"limits = 3",
    "headers that are none": b"[headers]\nx = 3",
    "nothing of ours": b"tool = 3",
    "half a file": GOOD[:25],
}


def _resolved(folder: Path, data: bytes) -> Settings:
    (folder / "own.toml").write_bytes(data)
    return resolve({"config": str(folder / "own.toml")}, folder, {"TENANT": "t"})


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_in_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        _resolved(tmp_path, BROKEN[name])
    assert 10 < len(str(told.value)) < 1000 and "\n" not in str(told.value)


def test_a_byte_order_mark_at_the_beginning_is_none_of_the_text(tmp_path: Path) -> None:
    assert _resolved(tmp_path, b"\xef\xbb\xbfmodel = 'x'").model == "x"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no file without end")
def test_a_file_without_end_is_read_no_further_than_its_bound(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="/dev/zero is not valid TOML: it is larger than"):
        resolve({"config": "/dev/zero"}, tmp_path, {})


@pytest.mark.parametrize(
    "name", [option.name for option in OPTIONS if option.kind in {"file", "folder"} and option.name != "config"]
)
def test_no_path_holds_a_nul(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes a f"):
        _resolved(tmp_path, f'{name} = "a\\u0000b"'.encode())


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\nconformance = 3"])
def test_a_project_file_of_another_form_is_told_or_none_of_ours(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    try:
        assert resolve({}, tmp_path, {}).model is None and text == "tool = 3"
    except UsageError as error:
        assert "must be a table of options" in str(error)


@settings(derandomize=True, database=None, deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(place=st.integers(0, len(GOOD) - 1), length=st.integers(0, 12), put=st.binary(max_size=6))
def test_a_mutated_file_is_settings_or_one_sentence(place: int, length: int, put: bytes, tmp_path: Path) -> None:
    try:
        found = _resolved(tmp_path, GOOD[:place] + put + GOOD[place + length :])
    except UsageError as error:
        assert str(error)
    else:
        assert found.concurrency >= 1 and found.limits.whole > 0
