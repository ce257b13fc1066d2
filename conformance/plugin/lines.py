"""What a test function is given: a line of the run that knows how to judge itself from the journal."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.contract import Level
from conformance.evidence.follow import Follower
from conformance.evidence.journal import JournalError
from conformance.evidence.run import Item
from conformance.reporting.outcomes import outcome, skip_reason
from conformance.reporting.text import violation_text
from conformance.session.baselines import waived_in
from conformance.session.facts import facts_of
from conformance.verdicts import Graded, ItemResult, grade, judge_item

POLL = 0.02  #: seconds between two looks at the journal
SAY_EVERY = 10.0  #: seconds between two lines of progress while items wait


@dataclass(slots=True)
class Reader:
    """Waits for exchanges in the journal and judges items from them; one for each process."""

    journal: Path
    gate: Level
    say: Callable[[str], None] = lambda line: None
    sending: Callable[[], bool] = lambda: True
    expected: int = 0  #: requests in the plan, for the lines of progress
    follower: Follower = field(init=False)
    _graded: Graded | None = None
    _waived: frozenset[str] | None = None
    _said: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.follower = Follower(self.journal)

    def result(self, item: Item) -> ItemResult:
        """The result of an item, once its exchanges are there."""
        self.follower.poll()
        while not self.follower.settled(item):
            self._progress()
            time.sleep(POLL)
            if not self.follower.poll() and not self.sending():
                break  # the sender is gone without a word: what is there is all there will be
        return judge_item(item, self.follower.run()) if item.active else self._whole(item)

    def _progress(self) -> None:
        """While items wait, say now and then how far the sending has come."""
        if time.monotonic() - self._said >= SAY_EVERY:
            self._said = time.monotonic()
            self.say(f"{len(self.follower.records)} of about {self.expected} requests answered")

    @property
    def waived(self) -> frozenset[str]:
        """The keys whose violation fails nothing in this run."""
        if self._waived is None:
            self._waived = waived_in(self.follower.header)
        return self._waived

    def text(self, result: ItemResult) -> str:
        """The failure text of an item."""
        facts = facts_of(self.follower, self.gate, folder=self.journal.parent)
        return violation_text(result, self.follower.run(), facts)

    def _whole(self, item: Item) -> ItemResult:
        if self._graded is None:
            self._graded = grade(self.follower.run())
        return next(result for result in self._graded.items if result.item.key == item.key)


@dataclass(slots=True)
class Line:
    """One item in the hands of a test function; `verdict` is set once it was judged."""

    item: Item
    reader: Callable[[], Reader]
    verdict: str = ""

    def judge(self) -> None:
        """Pass, or end the test as failed with the violation, or as skipped with the verdict and its reason."""
        reader = self.reader()
        try:
            result = reader.result(self.item)
        except JournalError as error:
            pytest.fail(f"the harness failed: {error}", pytrace=False)
        self.verdict = result.verdict.value
        ends = outcome(result, reader.gate, reader.waived)
        if ends == "failed":
            pytest.fail(reader.text(result), pytrace=False)
        if ends == "skipped":
            pytest.skip(skip_reason(result, reader.waived))


def line_of(item: pytest.Item) -> Line | None:
    """The line an item of ours was given, or None for any other item."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    found = params.get("case", params.get("traffic"))
    return found if isinstance(found, Line) else None
