"""The baseline of a run: read before anything is sent, carried by the journal's header, applied when the run is graded.

It stands in the header so that the journal alone gives the same exit code and the same reports again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from conformance.contract import Level
from conformance.evidence.journal import JournalError
from conformance.gate.baseline import Baseline, BaselineError, baseline_data, baseline_from, read_baseline
from conformance.gate.judging import judged, waived_keys
from conformance.reporting.facts import Baselined
from conformance.settings.resolve import UsageError
from conformance.verdicts import Graded


@dataclass(frozen=True, slots=True)
class Accepted:
    """A baseline and the day on which it is applied."""

    baseline: Baseline
    today: date

    def judge(self, graded: Graded, gate: Level) -> Baselined:
        """What it makes of a run."""
        from conformance.gate.known import is_known  # loads every suite

        return judged(graded, self.baseline, self.today, gate, lambda entry: is_known(entry, graded.run.items))


def header_baseline(path: Path | None) -> dict[str, Any] | None:
    """What the header of a run holds of the baseline in a file; None without one. Raises UsageError."""
    try:
        return None if path is None else baseline_data(read_baseline(path))
    except BaselineError as error:
        raise UsageError(str(error)) from None


def accepted_in(header: Mapping[str, Any]) -> Accepted | None:
    """What a journal's header says is accepted, on the day when the run began; None without a baseline. JournalError
    where no run could have written it."""
    if not header.get("baseline"):
        return None
    try:
        known = baseline_from(header["baseline"], "the baseline in the header of the journal")
    except BaselineError as error:
        raise JournalError(str(error)) from None
    return Accepted(known, date.fromisoformat(header["started"][:10]))


def waived_in(header: Mapping[str, Any]) -> frozenset[str]:
    """The keys whose violation fails nothing in the run with this header."""
    accepted = accepted_in(header)
    return waived_keys(accepted.baseline, header["terms"]["profile"], accepted.today) if accepted else frozenset()
