"""Nothing is drawn where no drawn case could be in the run, and whatever can be drawn counts as possible."""

import subprocess
import sys

import pytest
from generation_draws import PROFILES, draw_for

from conformance.contract import load_catalogue
from conformance.contract.violations import NARROWED, Path, violations
from conformance.generation.conversations import WRONG, conversation_items, places
from conformance.generation.hosts import put
from conformance.generation.live import live_items
from conformance.generation.reach import reachable
from conformance.suite import PLAIN, text, user

TOOL = {"name": "t", "input_schema": {"type": "object"}}
FULL = PLAIN | {
    "messages": [user([text("hello")])], "system": [text("hello")], "stream": True, "temperature": 0.5, "top_p": 0.5,
    "top_k": 5, "metadata": {"user_id": "u"}, "stop_sequences": ["x"], "tools": [TOOL], "tool_choice": {"type": "auto"},
}  # fmt: skip
MORE: tuple[object, ...] = (
    True,
    "1",
    "yes",
    -1,
    10**9,
    "",
    [],
    {},
    None,
    "x" * 300,
    {"type": "text"},
    {"type": "unknown"},
)


@pytest.mark.parametrize("profile", PROFILES)
def test_whatever_is_drawn_is_about_a_reachable_requirement(profile: str) -> None:
    draw = draw_for(profile, 20, 7)
    found = {item.requirement for item, _ in (*live_items(draw), *conversation_items(draw))}
    assert found and found <= reachable(profile) <= set(load_catalogue().requirements)


@pytest.mark.parametrize("profile", PROFILES)
def test_whatever_is_broken_by_hand_is_reachable(profile: str) -> None:
    known = [(path, value) for path, row in places(FULL) for value in WRONG[row]]
    others: list[tuple[Path, object]] = [((name,), value) for name in FULL for value in MORE]
    others += [((name, 0), value) for name in ("messages", "system", "tools", "stop_sequences") for value in MORE]
    others += [(("tools", 0, name), value) for name in TOOL for value in MORE]
    found: set[str] = set()
    for path, value in (*known, *others):
        body = {**FULL, "messages": [user([text("hello")])], "system": [text("hello")], "tools": [dict(TOOL)]}
        body["stop_sequences"] = ["x"]
        put(body, path, value)
        found |= {one.requirement for one in violations(profile, body) if one.requirement}
    assert found <= reachable(profile)
    assert found >= {"REQ-025", "REQ-023", "REQ-032"}


def test_what_is_named_for_some_values_is_in_the_catalogue() -> None:
    assert set(load_catalogue().requirements) >= NARROWED


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        (("--requirement", "STRM-*"), False),
        (("--fuzz", "0"), False),
        (("--budget", "standard"), False),
        (("--requirement", "REQ-021", "--fuzz", "2"), True),
    ],
    ids=lambda value: "-".join(value).strip("-").replace("--", "") if isinstance(value, tuple) else None,
)
def test_schemathesis_is_loaded_only_for_cases_that_may_run(words: tuple[str, ...], drawn: bool) -> None:
    code = "import sys\nfrom conformance.cli import main\ntry:\n    main()\nexcept SystemExit as end:\n    \
print(end.code, 'schemathesis' in sys.modules, 'hypothesis' in sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", code, "run", "--dry-run", *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stderr.split()[-3:] == ["0", str(drawn), str(drawn)]
