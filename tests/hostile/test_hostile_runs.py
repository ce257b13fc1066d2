"""What a run makes of a hostile target: exit code, verdicts, and a report that names the limit."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile_endpoint import Hostile, behaviours

from conformance.evidence.run import CAPPED, Item
from conformance.probing import backoff
from conformance.probing.limits import Limits
from conformance.probing.probe import Call, Probe
from conformance.session.closing import Closing, close_run
from conformance.session.live import open_live
from conformance.session.target import Ungradable
from conformance.settings.resolve import resolve
from conformance.suite import PLAIN_CONTROL, STREAM_CONTROL, accepted
from conformance.verdicts import Exit, Verdict

ENVIRONMENT = {"CONFORMANCE_API_KEY": "hostile-key-0123456789"}
LIMITS = Limits(
    connect=0.5, first_byte=1.0, between_bytes=0.3, whole=1.5, after_stop=0.2,
    header=30_000, body=100_000, lines=5_000, events=1_000,
)  # fmt: skip
ITEMS = tuple(
    Item(requirement, "", (probe,))
    for requirement, probe in (
        ("RESP-003", "plain"), ("HTTP-011", "plain"), ("USG-001", "plain"), ("HDR-011", "plain"),
        ("STRM-001", "stream"), ("STRM-023", "stream"), ("SSE-012", "stream"), ("SSE-001", "stream"),
    )
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST", 0.0)
    monkeypatch.setattr(backoff, "LONGEST", 0.1)


def _run(
    name: str, folder: Path, limits: Limits = LIMITS, items: tuple[Item, ...] = ITEMS,
    more: Mapping[str, Probe] | None = None,
) -> Closing:  # fmt: skip
    probes = {probe.id: probe for probe in (PLAIN_CONTROL, STREAM_CONTROL)} | dict(more or {})
    with Hostile(behaviours()[name], folder) as endpoint:
        given = {"target-url": endpoint.url, "model": "m-1", "out": str(folder / "run"), "concurrency": 2}
        settings = replace(resolve(given, folder, {}), limits=limits)
        live = open_live(settings, items, probes, everything=False, environment=ENVIRONMENT)
        ungradable = ""
        try:
            live.begin()
            while live.is_sending():
                time.sleep(0.01)
        except Ungradable as error:
            ungradable = str(error)
        return close_run(live, 0, ungradable)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("silent", "within our limit first-byte"),
        ("headers-byte-by-byte", "within our limit first-byte"),
        ("continue-storm", "within our limit first-byte"),
        ("headers-without-end", "beyond our limit header"),
        ("length-of-a-million-digits", "beyond our limit header"),
        ("tls-without-handshake", "within our limit connect"),
        ("length-negative", "bad Content-Length"),
        ("length-double", "conflicting Content-Length"),
        ("plain-on-tls-port", "WRONG_VERSION_NUMBER"),
        ("tls-alert-on-plain-port", "what answers is not HTTP"),
        ("certificate-of-nobody", "CERTIFICATE_VERIFY_FAILED"),
        ("redirect-to-itself", "redirects to /anthropic/v1/messages (status 307); give that URL"),
        ("redirect-to-a-file", "redirects to file:///etc/passwd (status 302); check what answers there"),
        ("reset-before-status", "closes the connection without an answer"),
    ],
)
def test_what_nothing_can_be_graded_of_ends_with_6_and_says_why(name: str, words: str, tmp_path: Path) -> None:
    closing = _run(name, tmp_path)
    assert closing.code is Exit.UNGRADABLE
    assert words in closing.text and "Traceback" not in closing.text
    assert len(closing.graded.run.records) <= 3
    assert (tmp_path / "run" / "report.json").is_file()


def _verdicts(closing: Closing) -> dict[str, Any]:
    return {result.item.requirement: result for result in closing.graded.items}


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("one-byte-a-minute", "between-bytes"), ("body-byte-by-byte", "whole"), ("body-without-end", "body"),
        ("gzip-bomb", "body"), ("trailers-without-end", "header"),
    ],
)  # fmt: skip
def test_a_message_that_a_limit_cut_is_inconclusive_and_the_limit_is_named(
    name: str, limit: str, tmp_path: Path
) -> None:
    closing = _run(name, tmp_path, items=ITEMS[:4])
    found = _verdicts(closing)
    assert {found[item.requirement].verdict for item in ITEMS[:4]} == {Verdict.INCONCLUSIVE}
    assert f"cut by our limit {limit}" in found["RESP-003"].reason
    assert f"cut by our limits: {limit} " in closing.text and closing.code is Exit.UNGRADABLE


@pytest.mark.parametrize(
    ("name", "limit", "violated"),
    [
        ("stream-silent", "between-bytes", {"STRM-023"}),
        ("open-after-stop", "after-stop", {"SSE-012"}),
        ("stream-of-pings", "events", set()),
        ("stream-of-slow-pings", "whole", set()),
        ("stream-of-deltas", "body", set()),
        ("stream-of-comments", "events", set()),
        ("stream-of-data-lines", "lines", set()),
        ("gzip-bomb-of-events", "events", set()),
    ],
)
def test_a_hang_breaks_what_it_belongs_to_and_a_flood_is_held_against_nobody(
    name: str, limit: str, violated: set[str], tmp_path: Path
) -> None:
    closing = _run(name, tmp_path)
    found = _verdicts(closing)
    asked = {"STRM-023", "SSE-012"}
    assert {key for key in asked if found[key].verdict in (Verdict.FAILED, Verdict.WARNED)} == violated
    assert found["RESP-003"].verdict is Verdict.PASSED, "what is no stream is answered well, and judged"
    assert f"cut by our limits: {limit} " in closing.text
    open_ = [found[key].reason for key in asked - violated if found[key].verdict is Verdict.INCONCLUSIVE]
    assert all(f"cut by our limit {limit}" in reason for reason in open_)


@pytest.mark.parametrize(
    "name", ["json-bad-utf-8", "json-nul", "json-nan", "json-infinity", "json-lone-surrogate", "json-latin-1"]
)
def test_what_is_no_json_breaks_http_011(name: str, tmp_path: Path) -> None:
    closing = _run(name, tmp_path, items=ITEMS[:2])
    assert _verdicts(closing)["HTTP-011"].verdict is Verdict.FAILED and closing.code is Exit.VIOLATION


@pytest.mark.parametrize("name", ["json-deep", "json-long-integer", "json-largest-integer", "json-duplicate-keys"])
def test_json_that_is_only_beyond_a_reader_is_held_against_nobody(name: str, tmp_path: Path) -> None:
    closing = _run(name, tmp_path, replace(LIMITS, body=2_000_000), ITEMS[:2])
    assert _verdicts(closing)["HTTP-011"].verdict is not Verdict.FAILED


@pytest.mark.parametrize(
    "name",
    ["headers-beyond-sense", "date-in-the-past", "stream-nul", "stream-of-surrogates", "stream-of-large-indexes"],
)
def test_senseless_values_end_in_verdicts(name: str, tmp_path: Path) -> None:
    closing = _run(name, tmp_path)
    assert closing.code in {Exit.CONFORMS, Exit.VIOLATION, Exit.UNGRADABLE}
    assert closing.graded.run.finished and closing.graded.run.records


def _many(count: int) -> dict[str, Probe]:
    body = PLAIN_CONTROL.calls[0].body
    return {f"p{n}": Probe(f"p{n}", (Call({**body, "metadata": {"n": str(n)}}),)) for n in range(count)}


def test_after_three_answers_that_a_limit_cut_no_more_are_asked_for(tmp_path: Path) -> None:
    probes = _many(30)
    items = tuple(Item("RESP-003", "", (name,)) for name in probes)
    closing = _run("body-without-end", tmp_path, items=items, more=probes)
    assert "not sent: 3 answers in a row were cut by our limit body" in closing.graded.run.unsent.values()
    assert len(closing.graded.run.records) < 10


def test_a_run_keeps_no_more_answers_than_its_limit(tmp_path: Path) -> None:
    probes = _many(30)
    items = tuple(Item("RESP-003", "", (name,)) for name in probes)
    closing = _run("json-long-key", tmp_path, replace(LIMITS, body=2_000_000, answers=5_000_000), items, probes)
    assert any(
        reason.startswith(CAPPED) and "our limit answers" in reason for reason in closing.graded.run.unsent.values()
    )
    assert len(closing.graded.run.records) <= 4


def test_a_run_waits_no_longer_than_its_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wait is within what is waited for at once; all together are not within what a run has."""
    monkeypatch.setattr(backoff, "LONGEST", 1.0)
    probes = _many(30)
    items = tuple(Item("REQ-001", name, (name,), {"*": accepted}) for name in probes)
    closing = _run("asks-for-time-every-other-time", tmp_path, replace(LIMITS, patience=1.5), items, probes)
    reason = f"{CAPPED} 1.5 seconds of waiting was reached (our limit patience)"
    assert set(closing.graded.run.unsent.values()) == {reason} and len(closing.graded.run.unsent) > 20
    assert "the cap of 1.5 seconds of waiting was reached (our limit patience)" in closing.text
    assert closing.code is not Exit.HARNESS_ERROR and len(closing.graded.run.records) < 12
    left = [row for row in closing.graded.items if row.item.case in closing.graded.run.unsent]
    assert {(row.verdict, row.reason) for row in left} == {(Verdict.NOT_RUN, reason)}


def test_a_clock_that_goes_backwards_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(2_000_000_000, 0, -1_000_000))
    monkeypatch.setattr(time, "time", lambda: float(next(ticks)))
    closing = _run("stream-silent", tmp_path)
    assert _verdicts(closing)["STRM-023"].verdict is Verdict.FAILED
    assert all(0 <= record.exchange.elapsed < 10 for record in closing.graded.run.records)
