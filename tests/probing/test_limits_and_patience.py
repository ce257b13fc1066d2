"""Limits from a table, back-off, the breaker of silent streams, and what ends a run before it begins."""

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest

from conformance.probing import backoff
from conformance.probing.backoff import Backoff, beyond_patience, retry_after, until_reset
from conformance.probing.breaker import REFUSAL_STRIKES, AnswerBreaker, StreamBreaker
from conformance.probing.limits import Limits, limits_from, with_upload
from conformance.probing.preflight import ENDINGS, STATUSES, preflight_refusal
from conformance.wire.exchange import End, Ending, Exchange, Headers, Limit, Request


def _exchange(
    status: int | None = 200, how: Ending = Ending.COMPLETE, limit: Limit | None = None, headers: Headers = ()
) -> Exchange:
    return Exchange(Request("POST", "http://h/", (), b""), status, headers, (), End(how, limit, "in its own words"))


def test_limits_are_read_by_their_dashed_names() -> None:
    table = {"connect": 1, "first-byte": 2, "between-bytes": 3.5, "whole": 4, "after-stop": 5, "body": 6}
    assert limits_from(table) == Limits(1.0, 2.0, 3.5, 4.0, 5.0, body=6)
    sizes = {"header": 7.0, "chunks": 8, "lines": 9, "events": 10, "answers": 11}
    assert limits_from(sizes) == Limits(header=7, chunks=8, lines=9, events=10, answers=11)
    assert limits_from({"patience": 12.5}) == Limits(patience=12.5)
    assert limits_from({}) == Limits()


@pytest.mark.parametrize("value", [0, -1, True, "5", None, math.nan, math.inf, 10**400])
def test_a_limit_must_be_a_positive_number(value: Any) -> None:
    with pytest.raises(ValueError, match="'whole' must be a positive number"):
        limits_from({"whole": value})


@pytest.mark.parametrize("name", ["header", "body", "chunks", "lines", "events", "answers"])
def test_what_is_counted_is_limited_by_a_whole_number(name: str) -> None:
    for value in (math.inf, math.nan):
        with pytest.raises(ValueError, match=f"'{name}' must be a positive number"):
            limits_from({name: value})
    with pytest.raises(ValueError, match=f"'{name}' must be a whole number, not 1.5"):
        limits_from({name: 1.5})


def test_an_unknown_limit_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown limit 'lunch'; the limits are connect, first-byte, between-bytes"):
        limits_from({"lunch": 1})


NOW = 1_700_000_000.0
FAR = "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        (" 2.5 ", 2.5),
        ("0", 0.0),
        ("-4", 0.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        ("Mon, 99 Nov 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def _paused(monkeypatch: pytest.MonkeyPatch, *troubles: tuple[str | None, int]) -> float:
    """The seconds for which a back-off holds everybody after these troubles, on a clock that only waiting moves."""
    clock = [100.0]

    async def sleep(seconds: float) -> None:
        clock[0] += seconds

    async def wait() -> None:
        shared = Backoff()
        for value, attempt in troubles:
            shared.trouble(_exchange(429, headers=(("Retry-After", value),) if value else ()), attempt)
        await shared.wait()

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(wait())
        loop.close()
    return clock[0] - 100.0


def test_the_wait_is_what_the_target_asks_for_or_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _paused(monkeypatch) == 0.0
    assert _paused(monkeypatch, ("7", 1)) == 7.0
    assert _paused(monkeypatch, ("86400", 1)) == backoff.LONGEST
    assert [_paused(monkeypatch, (None, attempt)) for attempt in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert _paused(monkeypatch, ("7", 1), ("2", 1)) == 7.0, "a shorter wish of another answer does not shorten it"


def _held(monkeypatch: pytest.MonkeyPatch, patience: float, *moments: tuple[float, str | None]) -> Backoff:
    """A pace after troubles that came at these moments and asked for these times."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    pace = Backoff(patience=patience)
    for clock[0], asked in moments:
        pace.trouble(_exchange(429, headers=(("Retry-After", asked),) if asked else ()), 1)
    return pace


def test_waits_that_lie_over_each_other_are_held_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _held(monkeypatch, 100.0, (0.0, "10"), (0.0, "10"), (4.0, "3"), (4.0, "10")).held == 14.0
    assert _held(monkeypatch, 100.0, (0.0, "10"), (50.0, "10")).held == 20.0, "what lies between them is no wait"
    assert _held(monkeypatch, 100.0, (0.0, None), (0.0, "-5"), (0.0, "0")).held == backoff.FIRST


def test_a_wait_that_does_not_fit_into_the_patience_ends_all_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    every = [(59.0 * n, "59") for n in range(100)]
    assert not _held(monkeypatch, 600.0, *every[:10]).spent
    spent = _held(monkeypatch, 600.0, *every)
    assert spent.spent and spent.held == 590.0
    assert not _held(monkeypatch, 59.0, *every[:1]).spent and _held(monkeypatch, 58.9, *every[:1]).spent
    assert _held(monkeypatch, 60.0, *every[:2], (200.0, "0.1")).held == 59.0, "nor does a shorter one begin later"


def test_nobody_is_held_once_the_patience_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    assert _waited(monkeypatch, [_limited("0", _ahead(20)), None, _limited("0", _ahead(55)), None], patience=30.0) == [
        20.0, 20.0,
    ]  # fmt: skip


def _ahead(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()


def _limited(remaining: str, reset: str, *more: tuple[str, str], name: str = "requests") -> Exchange:
    rows = ((f"anthropic-ratelimit-{name}-remaining", remaining), (f"anthropic-ratelimit-{name}-reset", reset))
    return _exchange(headers=(*rows, *more))


def _waited(
    monkeypatch: pytest.MonkeyPatch, steps: Sequence[Exchange | None], gap: float = 0.0, deadline: float = math.inf,
    patience: float = math.inf,
) -> list[float]:  # fmt: skip
    """When requests may begin (one for each None) on a clock that only waiting moves, answers coming between them."""
    clock, began = [100.0], []

    async def sleep(seconds: float) -> None:
        clock[0] += seconds

    async def go() -> None:
        pace = Backoff(gap, deadline, patience)
        for step in steps:
            if step is None:
                await pace.wait()
                began.append(round(clock[0] - 100.0, 3))
            else:
                pace.heed(step)

    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: clock[0])
        patch.setattr(asyncio, "sleep", sleep)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(go())
        loop.close()
    return began


def test_beginnings_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _waited(monkeypatch, [None] * 4, gap=0.25) == [0.0, 0.25, 0.5, 0.75]
    assert _waited(monkeypatch, [None] * 4) == [0.0] * 4


def test_nobody_waits_beyond_the_end_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _waited(monkeypatch, [None] * 4, gap=3.0, deadline=104.0) == [0.0, 3.0, 4.0, 4.0]


def test_beginnings_keep_their_distance_at_once_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders that wait side by side take their turns; one that comes after a pause has it at once."""
    clock, slept = [100.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    async def go() -> None:
        pace = Backoff(gap=2.0)
        await asyncio.gather(*(pace.wait() for _ in range(3)))
        clock[0] += 50.0
        await pace.wait()

    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: clock[0])
        patch.setattr(asyncio, "sleep", sleep)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(go())
        loop.close()
    assert slept == [2.0, 2.0]


@pytest.mark.parametrize("name", backoff.LIMITED)
def test_where_nothing_remains_the_reset_is_waited_for(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    assert _waited(monkeypatch, [_limited("0", _ahead(20), name=name), None, None]) == [20.0, 20.0]
    assert _waited(monkeypatch, [_limited("1", _ahead(20), name=name), None]) == [0.0]
    assert _waited(monkeypatch, [_limited("0", _ahead(3600), name=name), None]) == [backoff.LONGEST]


def test_a_reset_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    same = _limited("0", _ahead(20))
    assert _waited(monkeypatch, [same, None, same, None, same, None]) == [20.0] * 3


def test_a_limit_that_never_has_anything_is_not_believed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    moving = [_limited("0", _ahead(10 + n)) for n in range(6)]
    steps = [step for answer in moving for step in (answer, None)]
    assert _waited(monkeypatch, steps)[backoff.BELIEVED - 1 :] == [33.0] * 4
    steps.insert(5, _limited("7", _ahead(20)))
    assert _waited(monkeypatch, steps)[-1] > 33.0, "once something remained it is believed again"


@pytest.mark.parametrize(
    ("remaining", "reset"),
    [
        ("0", "soon"), ("0", ""), ("0", "2023-11-14T22:13:40"), ("0", "20"), ("-1", FAR), ("none", FAR),
        ("", FAR), ("٠", FAR), ("0" * 5000, FAR), ("0", "9999-99-99T00:00:00Z"),
        ("0", "0001-01-01T00:00:00+23:59"), ("0", "1999-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, remaining: str, reset: str) -> None:
    assert _waited(monkeypatch, [_limited(remaining, reset), None]) == [0.0]


def test_the_clock_of_the_target_counts_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    late = ("date", formatdate(NOW + 900, usegmt=True))
    assert _waited(monkeypatch, [_limited("0", _ahead(905), late), None]) == [5.0]
    assert until_reset(_ahead(20), "no date", NOW) == until_reset(_ahead(20), "5", NOW) == 20.0


@pytest.mark.parametrize(
    ("value", "beyond"),
    [(None, False), ("soon", False), ("0", False), ("60", False), ("60.5", True), ("86400", True), ("inf", True)],
)
def test_who_asks_for_more_time_than_a_run_has_is_not_waited_for(value: str | None, beyond: bool) -> None:
    assert beyond_patience(_exchange(429, headers=(("Retry-After", value),) if value else ())) is beyond


def test_a_date_may_be_beyond_patience_as_well() -> None:
    dates = [formatdate(time.time() + ahead, usegmt=True) for ahead in (-3600, 10, 3600)]
    assert [beyond_patience(_exchange(503, headers=(("Retry-After", date),))) for date in dates] == [False, False, True]


CUT = {limit: _exchange(how=Ending.CUT, limit=limit) for limit in Limit}
WHOLE, SILENT, STOP = CUT[Limit.WHOLE], CUT[Limit.BETWEEN_BYTES], CUT[Limit.AFTER_STOP]
GOOD = _exchange()


@pytest.mark.parametrize(
    ("seen", "tripped"),
    [
        ([], None),
        ([SILENT, SILENT], None),
        ([SILENT, SILENT, SILENT], Limit.BETWEEN_BYTES),
        ([SILENT, SILENT, GOOD, SILENT], None),
        ([SILENT, SILENT, WHOLE, WHOLE], None),
        ([SILENT, SILENT, WHOLE, WHOLE, WHOLE], Limit.WHOLE),
        ([STOP, STOP, STOP], Limit.AFTER_STOP),
        ([SILENT, SILENT, SILENT, GOOD, WHOLE], Limit.BETWEEN_BYTES),
        ([_exchange(how=Ending.HUNG_UP)] * 5, None),
    ],
)
def test_three_in_a_row_by_the_same_limit_trip_the_breaker(seen: list[Exchange], tripped: Limit | None) -> None:
    breaker = StreamBreaker()
    for exchange in seen:
        breaker.saw(exchange)
    assert breaker.tripped is tripped
    stops = tripped is not None and tripped is not Limit.AFTER_STOP
    assert bool(breaker.reason) == stops
    assert not stops or breaker.reason == f"not sent: 3 streams in a row were cut by our limit {tripped}"


def test_other_answers_have_a_breaker_of_their_own_in_which_refusals_count_apart() -> None:
    breaker, refusal = AnswerBreaker(), _exchange(400, Ending.CUT, Limit.BODY)
    for exchange in (WHOLE, WHOLE, _exchange(400), *[refusal] * 3, _exchange(None, Ending.CUT, Limit.WHOLE)):
        breaker.saw(exchange)
    before = breaker.reason
    assert before == "", "a refusal ends no series of answers, and what has no status belongs to neither"
    breaker.saw(WHOLE)
    assert breaker.reason == "not sent: 3 answers in a row were cut by our limit whole"
    patient = AnswerBreaker()
    for _ in range(REFUSAL_STRIKES - 1):
        patient.saw(refusal)
    assert not patient.reason
    patient.saw(refusal)
    assert patient.reason == f"not sent: {REFUSAL_STRIKES} refusals in a row were cut by our limit body"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 407, 408, 429, 503, 504, 529])
def test_statuses_that_end_the_run_name_a_remedy(status: int) -> None:
    refusal = preflight_refusal(_exchange(status))
    assert refusal is not None and f"(status {status})" in str(refusal)
    assert refusal.remedy and str(refusal) == f"{refusal.what}; {refusal.remedy}"
    assert refusal.unknown_model == (status == 404)


@pytest.mark.parametrize("status", [200, 201, 204, 400, 405, 409, 413, 415, 418, 422, 500, 501, 502, 505, 520])
def test_every_other_answer_is_graded(status: int) -> None:
    assert status not in STATUSES and preflight_refusal(_exchange(status)) is None
    assert preflight_refusal(_exchange(status, Ending.CLOSED_EARLY)) is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_ends_the_run_and_says_where_to(status: int) -> None:
    refusal = preflight_refusal(_exchange(status, headers=(("Location", "https://other/v1"),)))
    assert refusal is not None and "redirects to https://other/v1" in str(refusal) and "--target-url" in refusal.remedy
    lost = preflight_refusal(_exchange(status))
    assert lost is not None and "redirects to nowhere" in lost.what


@pytest.mark.parametrize("how", list(Ending))
def test_no_status_line_ends_the_run_whatever_the_ending(how: Ending) -> None:
    refusal = preflight_refusal(_exchange(None, how))
    what, remedy = ENDINGS.get(how, ENDINGS[Ending.NO_ANSWER])
    assert refusal is not None and str(refusal) == f"{what} (in its own words); {remedy}"
    quiet = preflight_refusal(Exchange(Request("POST", "http://h/", (), b""), None, (), (), End(how)))
    assert quiet is not None and quiet.what == what


@pytest.mark.parametrize(("size", "longer"), [(0, 0.0), (999_999, 0.0), (1_000_000, 4.0), (33_000_000, 132.0)])
def test_a_large_body_is_given_the_time_it_needs_on_its_way(size: int, longer: float) -> None:
    given = with_upload(Limits(), size)
    assert given.first_byte == Limits().first_byte + longer and given.whole == Limits().whole + longer
    assert given.between_bytes == Limits().between_bytes
