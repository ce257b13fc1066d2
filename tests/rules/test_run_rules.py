"""Rules about a whole run: ids, refusals, silence, and streams against JSON."""

from dataclasses import replace
from typing import Any

import pytest
from rule_samples import (
    BLOCK,
    EVENTS,
    MESSAGE,
    STOP,
    USAGE,
    broken,
    ends,
    error,
    exchange,
    held,
    noted,
    own,
    record,
    run,
    start,
    streamed,
    wire,
)

from conformance.evidence.run import PLAIN, Expect, Item, Record, Run
from conformance.rules.findings import Kind
from conformance.wire.exchange import End, Ending, Exchange, Limit

OTHER = exchange(MESSAGE | {"id": "msg_9"}, headers={"request-id": "req_9"})
KEY = (("Idempotency-Key", "k"),)


@pytest.mark.parametrize(
    ("rows", "verdicts"),
    [
        ([exchange(), OTHER], (set(), {"RESP-002", "HDR-012"})),
        ([exchange(), exchange(headers={"request-id": "req_9"})], ({"RESP-002"}, {"HDR-012"})),
        ([exchange(), exchange(MESSAGE | {"id": "msg_9"})], ({"HDR-012"}, {"RESP-002"})),
        ([exchange(), streamed(start(id="msg_1"), *EVENTS[1:])], ({"RESP-002"}, {"HDR-012"})),
        ([exchange(), exchange(headers={"request-id": "req_9"}, request_headers=KEY)], (set(), {"HDR-012"})),
        ([exchange(), error(503, headers={"request-id": "req_1"})], (set(), set())),
    ],
)
def test_ids_are_unique(rows: list[Exchange], verdicts: tuple[set[str], set[str]]) -> None:
    found = run(*rows)
    assert broken(found) - {"EQV-001"} == verdicts[0]
    assert {finding.requirement for finding in unique(found) if finding.kind is Kind.HELD} >= verdicts[1]


def unique(found: Run) -> list[Any]:
    return [finding for finding in own(found) if finding.requirement in {"RESP-002", "HDR-012"}]


def test_each_try_needs_a_request_id_of_its_own() -> None:
    tries = [
        record(1, error(500, headers={"request-id": "r"}), repeated=True),
        record(2, error(500, headers={"request-id": "r"})),
    ]
    assert "HDR-012" in broken(run(*tries))


def test_an_id_that_the_caller_chose_may_come_back_twice() -> None:
    chosen = (("x-request-id", "ct-1"),)
    rows = [
        exchange(
            MESSAGE | {"id": f"msg_{n}"}, headers={"request-id": None, "x-request-id": "ct-1"}, request_headers=chosen
        )
        for n in (1, 2)
    ]
    assert broken(run(*rows, profile="myrouter")) == set()


def refused(requirement: str = "REQ-021", kind: str = "refused", **args: Any) -> Item:
    return Item(requirement, "absent", ("negative",), {"*": Expect(kind, args)}, control="control")


def negative(
    status: int, attempt: int = 1, plain: int = 200, control: int = 200, how: Ending = Ending.COMPLETE
) -> list[Record]:
    """A control, and a negative between two plain ones, the second of which has another status on demand."""
    kinds = {503: "api_error", 504: "timeout_error", 529: "overloaded_error", 500: "api_error", 404: "not_found_error"}
    body = {"type": "error", "error": {"type": kinds.get(status, "invalid_request_error"), "message": "bad"}}
    ids = [{"request-id": f"req_{n}"} for n in range(5)]
    served = [exchange(MESSAGE | {"id": f"msg_{n}"}, headers=ids[n]) for n in range(5)]
    last = (
        served[4]
        if plain == 200
        else error(plain, body | {"error": {"type": "api_error", "message": "down"}}, headers=ids[4])
    )
    first = served[1] if control == 200 else error(control, headers=ids[1])
    return [
        record(1, served[0], PLAIN), record(2, first, "control"),
        record(3, error(status, body, headers=ids[3]), "negative", attempt), record(4, last, PLAIN),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "profile", "verdicts"),
    [
        (negative(400), "myrouter", (set(), {"ERR-006", "ERR-007"})),
        (negative(422), "myrouter", ({"ERR-007"}, {"ERR-006"})),
        (negative(422), "anthropic", ({"ERR-007"}, {"ERR-006"})),
        (negative(415), "myrouter", ({"ERR-007"}, {"ERR-006"})),
        (negative(404), "myrouter", (set(), {"ERR-006"})),
        (negative(500), "myrouter", ({"ERR-006"}, set())),
        (negative(500, plain=500), "myrouter", (set(), set())),
        (negative(400, control=400), "myrouter", (set(), set())),
        (negative(503), "myrouter", (set(), set())),
        (negative(503, attempt=3), "myrouter", ({"ERR-006"}, set())),
        (negative(529, attempt=3), "myrouter", (set(), set())),
    ],
)
def test_refusals_of_a_run(rows: list[Record], profile: str, verdicts: tuple[set[str], set[str]]) -> None:
    found = run(*rows, profile=profile, items=(refused(),))
    assert (broken(found), held(found) & {"ERR-006", "ERR-007"}) == verdicts


@pytest.mark.parametrize(("before", "broke"), [(429, False), (529, False), (503, True)])
def test_trouble_counts_where_it_came_each_time(before: int, broke: bool) -> None:
    plain, control, last, after = negative(503, attempt=3)
    rows = [plain, control, replace(last, seq=5), replace(after, seq=6)]
    asked = negative(before)[2]
    tries = [replace(asked, seq=at, attempt=at - 2, repeated=True) for at in (3, 4)]
    assert ("ERR-006" in broken(run(*rows[:2], *tries, *rows[2:], items=(refused(),)))) is broke


@pytest.mark.parametrize(("profile", "level"), [("myrouter", "SHOULD"), ("anthropic", None)])
def test_another_listed_status_warns_where_the_profile_lists_it(profile: str, level: str | None) -> None:
    found = own(run(*negative(422), profile=profile, items=(refused(),)))
    assert [f.level for f in found if f.requirement == "ERR-007"] == [level]


@pytest.mark.parametrize(
    "item",
    [
        refused("HDR-017"),
        refused(kind="status", ok=[400], lowered=[], noted=[]),
        refused(also=[413, 415]),
        refused(noted=[415]),
    ],
)
def test_the_documented_status_is_a_matter_of_refused_bodies(item: Item) -> None:
    assert "ERR-007" not in broken(run(*negative(415), items=(item,)))


def test_what_is_no_negative_is_left_alone() -> None:
    found = run(*negative(500), items=(refused(kind="accepted"),))
    assert "ERR-006" not in broken(found) | held(found)


@pytest.mark.parametrize("status", [400, 500])
def test_asking_by_head_is_no_mistake_of_a_client(status: int) -> None:
    found = run(*negative(status), items=(refused(kind="no-head-body"),))
    assert "ERR-006" not in broken(found) | held(found)
    both = run(*negative(status), items=(refused(kind="no-head-body"), refused()))
    assert ("ERR-006" in broken(both), "ERR-006" in held(both)) == (status == 500, status == 400)


def silent(*events: Any, attempt: int = 2, limit: Limit = Limit.BETWEEN_BYTES, repeated: bool = False) -> Record:
    return record(1, streamed(raw=wire(events), how=Ending.CUT, limit=limit), attempt=attempt, repeated=repeated)


def paused(row: Record) -> Record:
    """The same, ended long after its last event."""
    return replace(row, exchange=replace(row.exchange, elapsed=120.0))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (silent(), {"STRM-001"}),
        (silent(limit=Limit.WHOLE, attempt=1), set()),
        (paused(silent(limit=Limit.WHOLE, attempt=1)), {"STRM-001"}),
        (paused(silent(*EVENTS[:3], limit=Limit.WHOLE, attempt=1)), {"STRM-023"}),
        (silent(*EVENTS[:3]), {"STRM-023"}),
        (silent(*EVENTS[:3], attempt=1), set()),
        (silent(*EVENTS[:3], repeated=True), set()),
        (silent(*EVENTS[:3], limit=Limit.BODY), set()),
        (silent(*EVENTS), set()),
        (silent(*EVENTS, limit=Limit.AFTER_STOP), {"SSE-012"}),
    ],
)
def test_a_second_silence_is_an_answer(row: Record, expected: set[str]) -> None:
    assert broken(run(row)) == expected


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([exchange(), streamed()], "held"),
        ([exchange(), streamed(start(usage=USAGE | {"input_tokens": 0}), *EVENTS[1:])], "broken"),
        ([exchange(), streamed(start(), *BLOCK, STOP)], "broken"),
        ([exchange(), streamed(start(), *BLOCK, ends("stop"), STOP)], "broken"),
        ([exchange(MESSAGE | {"stop_reason": "stop"}), streamed(start(), *BLOCK, ends("stop"), STOP)], "held"),
        ([exchange()], ""),
        ([streamed()], ""),
        ([exchange(), streamed(*EVENTS[:3], how=Ending.RESET)], ""),
        ([exchange(), streamed(*EVENTS[:3], how=Ending.CUT, limit=Limit.WHOLE)], ""),
    ],
)
def test_streams_against_json(rows: list[Exchange], verdict: str) -> None:
    kinds = {finding.kind.value for finding in own(run(*rows)) if finding.requirement == "EQV-001"}
    assert kinds == ({verdict} if verdict else set())


def test_a_departure_that_is_a_note_in_the_profile_is_no_difference() -> None:
    renamed = streamed(start(model="m-1-20250101"), *EVENTS[1:])
    verdicts = {
        profile: "EQV-001" in broken(run(exchange(), renamed, profile=profile)) for profile in ("myrouter", "anthropic")
    }
    assert verdicts == {"myrouter": True, "anthropic": False}


def test_a_conforming_run_breaks_nothing_and_notes_nothing() -> None:
    found = run(exchange(), streamed(), error(400, headers={"request-id": "req_3"}), OTHER)
    assert (broken(found), noted(found)) == (set(), {"ERR-008"})


def test_an_unanswered_request_says_nothing() -> None:
    nothing = Exchange(exchange().request, None, (), (), End(Ending.NO_CONNECTION))
    assert own(run(nothing)) == []
