"""Each of these breaches breaks the run, is named by its requirement, and by no other that it does not entail."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from proving import broken, judged

from conformance.contract import Level, load_catalogue
from conformance.verdicts import Exit

PROFILES = ("myrouter", "anthropic")


@dataclass(frozen=True, slots=True)
class Breach:
    """A fault of the reference endpoint, the requirement that must name it, and what else the fault itself breaks."""

    fault: str
    requirement: str
    also: tuple[str, ...] = ()
    profiles: tuple[str, ...] = PROFILES


BREACHES = (
    Breach("zero-tokens-accepted", "REQ-022", profiles=("myrouter",)),
    Breach("zero-tokens-generates", "REQ-022", profiles=("anthropic",)),
    Breach("unchecked-messages-empty", "REQ-004"),
    Breach("malformed-body-crashes", "REQ-047"),
    Breach("openai-envelope", "ERR-001", also=("ERR-003", "ERR-005")),
    Breach("usage-missing", "USG-001", also=("STRM-006", "STRM-019")),
    Breach("output-tokens-a-string", "USG-002", also=("STRM-006", "STRM-019")),
    Breach("message-start-missing", "STRM-001"),
    Breach("message-start-twice", "STRM-002"),
    Breach("delta-before-start", "STRM-011"),
    Breach("delta-after-stop", "STRM-016"),
    Breach("index-gap", "STRM-008"),
    Breach("message-stop-missing", "STRM-023"),
    Breach("event-after-stop", "STRM-023"),
    Breach("event-names-missing", "SSE-005"),
    Breach("done-sentinel", "SSE-008"),
    Breach("stream-cut", "STRM-023"),
    Breach("stream-closed", "STRM-023"),
    Breach("json-for-stream", "SSE-001"),
    Breach("unchecked-bearer-known", "AUTH-004"),
)
ROWS = [(row, profile) for row in BREACHES for profile in row.profiles]


@pytest.mark.parametrize(("row", "profile"), ROWS, ids=[f"{row.fault}-{profile}" for row, profile in ROWS])
def test_a_breach_is_named_by_its_requirement_alone(row: Breach, profile: str, tmp_path: Path) -> None:
    closing = judged(profile, tmp_path, row.fault)
    found = broken(closing.graded)
    catalogue = load_catalogue().requirements
    assert closing.code is Exit.VIOLATION
    assert row.requirement in found
    assert set(found) <= {row.requirement, *row.also, *catalogue[row.requirement].entails}
    must = catalogue[row.requirement].level(profile) is Level.MUST
    assert (found[row.requirement] == "failed") is must


@pytest.mark.parametrize("profile", PROFILES)
def test_the_conforming_endpoint_breaks_nothing(profile: str, tmp_path: Path) -> None:
    closing = judged(profile, tmp_path)
    assert broken(closing.graded) == {}
    assert closing.code is Exit.CONFORMS
    assert closing.text.splitlines()[-1].startswith(f"conforms to {profile} at level should")
