"""Legal habits that cause false alarms, by their numbers in contract.md §6: the whole catalogue is silent about each.

The habits are variations of the reference endpoint; those that can be combined are. A habit that both profiles leave
free is tried under one of them, by turns.
"""

from pathlib import Path

import pytest
from proving import EVERYTHING, broken, judged

from conformance import reference
from conformance.verdicts import Exit, Verdict

#: What one endpoint may do at the same time, by trap.
HABITS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (1, "myrouter", ("data-padded",)),
    (2, "anthropic", ("pings-everywhere",)),
    (2, "myrouter", ("pings-never",)),
    (2, "anthropic", ("ping-before-message-delta",)),
    (3, "anthropic", ("output-88-at-start", "delta-usage-bare")),
    (3, "myrouter", ("delta-usage-without-input",)),
    (4, "anthropic", ("redacted-thinking", "json-delta-at-once", "unknown-block-first")),
    (4, "myrouter", ("all-thinking-redacted", "json-delta-without-empty", "fallback-block")),
    (5, "anthropic", ("refusal",)),
    (5, "myrouter", ("cut-inside-call",)),
    (6, "anthropic", ("space-after-prefill", "silence-after-tool-result")),
    (7, "anthropic", ("unknown-events", "unknown-delta", "unknown-fields", "unknown-error-type", "error-details")),
    (7, "myrouter", ("unknown-event-fields", "unknown-block-last", "unknown-fields")),
    (7, "anthropic", ("unknown-stop-reason",)),
    (8, "anthropic", ("model-snapshot",)),
    (9, "myrouter", ("newer-keys",)),
    (10, "anthropic", ("integral-float-refused",)),
    (12, "anthropic", ("prefill-refused", "forced-thinking-refused", "sampling-refused-by-name")),
    (13, "myrouter", ("data-before-event", "stream-without-charset")),
    (13, "anthropic", ("stream-charset-capital",)),
    (14, "myrouter", ("comments", "unknown-sse-fields")),
    (15, "anthropic", ("tiny-limit-spent-thinking",)),
    (16, "myrouter", ("input-all-cached",)),
    (16, "anthropic", ("input-mostly-cached",)),
    (16, "anthropic", ("input-cache-written",)),
)
#: Trap 11: a page of an edge under 413, 502 or 504 warns, by the entry of ERR-002, and fails nothing.
PAGES = ("edge-limit-page", "edge-timeout-page")


def test_every_trap_and_every_habit_of_one_is_tried() -> None:
    known = {variation.id: variation.traps for variation in reference.variations() if variation.traps}
    assert {trap for trap, _, _ in HABITS} == set(range(1, 17)) - {11}
    assert {name for _, _, names in HABITS for name in names} | set(PAGES) == set(known)
    assert all(trap in known[name] for trap, _, names in HABITS for name in names if trap != 4)


@pytest.mark.parametrize(("trap", "profile", "names"), HABITS, ids=[f"{n}-{p}-{v[0]}" for n, p, v in HABITS])
def test_a_legal_habit_raises_no_alarm(trap: int, profile: str, names: tuple[str, ...], tmp_path: Path) -> None:
    closing = judged(profile, tmp_path, endpoint={"variations": names}, **EVERYTHING)
    assert broken(closing.graded) == {}, trap
    assert closing.code is Exit.CONFORMS


@pytest.mark.parametrize(("page", "profile"), [(PAGES[0], "anthropic"), (PAGES[1], "myrouter")])
def test_a_page_of_an_edge_warns_and_fails_nothing(page: str, profile: str, tmp_path: Path) -> None:
    endpoint = {"variations": (page,)}
    closing = judged(profile, tmp_path, level="must", endpoint=endpoint, include=("large-body",), **EVERYTHING)
    assert set(broken(closing.graded).items()) <= {("ERR-002", Verdict.WARNED)}
    assert closing.code is Exit.CONFORMS


@pytest.mark.parametrize("profile", ["myrouter", "anthropic"])
def test_many_legal_habits_at_once_raise_no_alarm(profile: str, tmp_path: Path) -> None:
    names = (
        "data-padded", "pings-everywhere", "unknown-events", "unknown-fields", "newer-keys", "comments",
        "talk-before-call", "other-ids", "empty-deltas", "lines-end-in-crlf", "odd-chunks", "header-names-capital",
    )  # fmt: skip
    closing = judged(profile, tmp_path, endpoint={"variations": names}, **EVERYTHING)
    assert broken(closing.graded) == {}
