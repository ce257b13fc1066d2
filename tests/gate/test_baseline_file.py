"""The file of a baseline: read back as written, and refused in one sentence where it is wrong."""

from datetime import date
from pathlib import Path

import pytest
from gate_runs import baseline, entry

from conformance.gate.baseline import Baseline, BaselineError, baseline_data, baseline_text, read_baseline

GOOD = """\
version: 1
violations:
- requirement: REQ-024
  case: /max_tokens type
  kinds: [array, object]
  profile: myrouter
  reason: the gateway's parser
  issue: https://example.com/issues/7
  expires: 2027-01-31
- {requirement: RESP-003, reason: "known", expires: '2026-12-31'}
flaky:
- {requirement: SSE-012, reason: the proxy, expires: 2026-12-31}
"""


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "baseline.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_every_member_is_read(tmp_path: Path) -> None:
    found = read_baseline(_file(tmp_path, GOOD))
    first, second = found.violations
    assert first.key == "REQ-024 /max_tokens type" and first.kinds == ("array", "object")
    assert first.expires == date(2027, 1, 31) and first.issue == "https://example.com/issues/7"
    assert first.binds("myrouter") and not first.binds("anthropic")
    assert (second.key, second.case, second.issue) == ("RESP-003", "", "") and second.binds("anthropic")
    assert [row.key for row in found.flaky] == ["SSE-012"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    known = Baseline(
        (
            entry("REQ-024 /max_tokens type", kinds=["array"], issue="https://h/1"),
            entry("RESP-003", profile="anthropic"),
        ),
        (entry("SSE-012"),),
    )
    text = baseline_text(known)
    assert read_baseline(_file(tmp_path, text)) == known
    assert "expires: 2026-12-31\n" in text and text.startswith("# ")
    assert read_baseline(_file(tmp_path, baseline_text(Baseline()))) == Baseline()
    assert "flaky" not in baseline_text(baseline("RESP-003"))
    assert baseline_data(known)["violations"][1]["profile"] == "anthropic"


WRONG = {
    "": "it is no baseline; begin with `version: 1` and `violations: []`",
    "[]": "it is no baseline; begin with `version: 1` and `violations: []`",
    "version: 1": "it lacks 'violations'; give a list of entries, [] for none",
    "version: 2\nviolations: []": ", version: 2 cannot be 'version'; write `version: 1`",
    "version: 1\nviolations: 3": ", violations: 3 cannot be 'violations'; give a list of entries, [] for none",
    "version: 1\nviolations: []\nflaky: {}": ", flaky: {} cannot be 'flaky'; give a list of entries, or leave it out",
    "version: 1\nviolations: []\nextra: 1": "the unknown member 'extra'; the members are version, violations, flaky",
    "version: 1\nviolations: [RESP-003]": ", violations, entry 1: 'RESP-003' is no table of members; write",
    "version: 1\nviolations: [{requirement: RESP-003, expires: 2026-01-01}]":
        ", violations, entry 1 (RESP-003): it lacks 'reason'; say in a few words why it is accepted",
    "version: 1\nviolations: [{requirement: RESP-003, reason: x}]":
        ", violations, entry 1 (RESP-003): it lacks 'expires'; give the last day",
    "version: 1\nviolations: [{requirement: RESP-003, case: absent, reason: x, expires: soon}]":
        ", violations, entry 1 (RESP-003 absent): 'soon' cannot be 'expires'; give the last day",
    "version: 1\nviolations: [{requirement: RESP-003, reason: x, expires: '2026-02-30'}]":
        ", violations, entry 1 (RESP-003): 2026-02-30 is no date; give the last day",
    "version: 1\nviolations: [{requirement: RESP-003, reason: ' ', expires: 2026-02-03}]":
        "' ' cannot be 'reason'; say in a few words why",
    "version: 1\nviolations: [{requirement: RESP-003, reason: x, expires: 2026-02-03, issue: '#7'}]":
        "'#7' cannot be 'issue'; give a link",
    "version: 1\nviolations: [{requirement: RESP-003, reason: x, expires: 2026-02-03, profile: other}]":
        "'other' cannot be 'profile'; give myrouter or anthropic",
    "version: 1\nviolations: [{requirement: RESP-003, reason: x, expires: 2026-02-03, kinds: []}]":
        "[] cannot be 'kinds'; give a list",
    "version: 1\nviolations: [{requirement: RESP-003, reason: x, expires: 2026-02-03, kinds: [1]}]":
        "1 cannot be 'kinds'; give a list",
    "version: 1\nviolations: [{requirement: 7, reason: x, expires: 2026-02-03}]":
        ", violations, entry 1 (7): 7 cannot be 'requirement'; give the id",
    "version: 1\nviolations: [{requirement: RESP-003, because: x, reason: x, expires: 2026-02-03}]":
        "it has the unknown member 'because'; the members are requirement, case,",
    "version: 1\nviolations: []\nviolations: []": "is not valid YAML: 'violations' occurs twice",
    "version: 1\nviolations: [": "is not valid YAML: ",
    "version: 1\nviolations: [{requirement: RESP-003, reason: x, expires: 2026-02-30}]": "is not valid YAML: ",
    "? [a]\n: 1": "is not valid YAML: ",
    "version: 1\nviolations: " + "[" * 3000: "is not valid YAML: it is nested too deeply",
    "a: &a [*a]": "is not valid YAML: the alias 'a' stands for itself",
    "version: 1\nviolations: &a [*a]": "is not valid YAML: the alias 'a' stands for itself",
}  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_mistake_is_told_in_one_sentence(number: int, tmp_path: Path) -> None:
    text, told = list(WRONG.items())[number]
    with pytest.raises(BaselineError) as caught:
        read_baseline(_file(tmp_path, text))
    assert told in str(caught.value) and str(tmp_path / "baseline.yaml") in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        BaselineError, match=r"there is no baseline at .*; make one with `conformance baseline write RUN`"
    ):
        read_baseline(tmp_path / "none.yaml")
    if Path("/dev/zero").exists():
        with pytest.raises(BaselineError, match="cannot read the baseline /dev/zero: it is larger than 10000000 bytes"):
            read_baseline(Path("/dev/zero"))
    with pytest.raises(BaselineError, match=r"cannot read the baseline .*: Is a directory"):
        read_baseline(tmp_path)
    with pytest.raises(BaselineError, match="it is not UTF-8"):
        read_baseline(_file(tmp_path, b"\xff\xfe"))


@pytest.mark.parametrize(("one", "other"), [("", ""), ("", "anthropic"), ("anthropic", ""), ("anthropic", "anthropic")])
def test_two_entries_do_not_speak_of_the_same(one: str, other: str, tmp_path: Path) -> None:
    first, second = (entry("REQ-021 absent", profile=profile) for profile in (one, other))
    with pytest.raises(BaselineError, match=r"flaky, entry 1 \(REQ-021 absent\): it says again what violations,"):
        read_baseline(_file(tmp_path, baseline_text(Baseline((first,), (second,)))))


def test_two_entries_may_speak_of_two_profiles(tmp_path: Path) -> None:
    both = Baseline((entry("REQ-021 absent", profile="anthropic"), entry("REQ-021 absent", profile="myrouter")))
    assert read_baseline(_file(tmp_path, baseline_text(both))) == both
