"""Legal habits that public reports took for faults: all of them at once, and no requirement alarms."""

from pathlib import Path

import pytest
from proving import EVERYTHING, broken, judged

from conformance.reference.variations.reported import REPORTED_VARIATIONS
from conformance.verdicts import Exit, Verdict


@pytest.mark.parametrize("profile", ["myrouter", "anthropic"])
def test_a_habit_that_was_reported_raises_no_alarm(profile: str, tmp_path: Path) -> None:
    names = tuple(variation.id for variation in REPORTED_VARIATIONS)
    closing = judged(profile, tmp_path, endpoint={"variations": names}, **EVERYTHING)
    assert broken(closing.graded) == {}
    assert closing.code is Exit.CONFORMS
    assert closing.graded is not None
    assert closing.graded.judgements["THINK-007"].verdict is Verdict.PASSED
