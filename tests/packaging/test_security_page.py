"""SECURITY.md names tests that exist, and every behaviour of the hostile endpoint."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
GUARDS = PAGE.partition("## Guards and their tests")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    assert f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_guard_has_a_test() -> None:
    rows = [line for line in GUARDS.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20 and all("`tests/" in row.split(" | ")[2] for row in rows)


def test_every_behaviour_of_the_hostile_endpoint_is_on_the_page() -> None:
    files = sorted((ROOT / "tests" / "hostile").glob("hostile_*.py"))
    found = {name for path in files for name in re.findall(r'behaves\("([^"]+)"', path.read_text(encoding="utf-8"))}
    assert {name for name in found if not name.startswith("json-") and f"`{name}`" not in PAGE} == set()


def test_the_front_page_leads_there() -> None:
    assert "](SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
